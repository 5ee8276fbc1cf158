typedef struct {
    int32_t channels, height, width;
    int32_t offset;    /* of its first byte in the buffer */
    int32_t low, high; /* smallest and largest integer */
    uint8_t wide;      /* int32 each; else one byte each, which holds the integer minus low */
    uint8_t is_sign;   /* -1 or 1 */
} bitpareto_tensor;

typedef struct {
    uint8_t kind, kernel, stride, before; /* before: rows and columns of padding */
    uint8_t weight_bits, odd;
    int8_t scale_exponent, bias_exponent;
    uint16_t groups, input_0, input_1;
    uint32_t widths, weights, multipliers, biases; /* places in bitpareto_data */
    uint8_t has_widths, has_biases;
} bitpareto_layer;

/* floor(value / 2^shift); the standard leaves shifts of negative numbers to the compiler */
static inline int64_t bitpareto_floor_shift(int64_t value, int32_t shift)
{
    return value >= 0 ? value >> shift : -((-(value + 1)) >> shift) - 1;
}

static inline int32_t bitpareto_get(const bitpareto_tensor *tensor, int32_t index)
{
    const uint8_t *first = (const uint8_t *)bitpareto_buffer + tensor->offset;
    return tensor->wide ? bitpareto_buffer[tensor->offset / 4 + index] : first[index] + tensor->low;
}

static inline void bitpareto_put(const bitpareto_tensor *tensor, int32_t index, int32_t value)
{
    uint8_t *first = (uint8_t *)bitpareto_buffer + tensor->offset;
    if (tensor->wide)
        bitpareto_buffer[tensor->offset / 4 + index] = value;
    else
        first[index] = (uint8_t)(value - tensor->low);
}

static inline uint32_t bitpareto_u16(uint32_t at)
{
    return bitpareto_data[at] | (uint32_t)bitpareto_data[at + 1] << 8;
}

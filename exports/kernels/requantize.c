/* Multiplier n of a layer is *factor * 2^(the result), exactly: a half-precision number. */
static inline int32_t bitpareto_multiplier(const bitpareto_layer *layer, int32_t n, int32_t *factor)
{
    uint32_t half = bitpareto_u16(layer->multipliers + 2u * (uint32_t)n);
    int32_t exponent = (int32_t)(half >> 10 & 31u);
    int32_t mantissa = (int32_t)(half & 1023u) + (exponent > 0 ? 1024 : 0);
    *factor = half >> 15 ? -mantissa : mantissa;
    return (exponent > 0 ? exponent : 1) - 25 + layer->scale_exponent;
}

/*
 * clamp(floor(product / 2^shift + bias + 1/2)) with the bias of channel n; for tensors of signs the
 * sign of product / 2^shift + bias, 1 for zero. Needs |product| < 2^62 and shift <= 62.
 */
static inline int32_t bitpareto_finish(const bitpareto_layer *layer, int32_t n, int64_t product,
                                int32_t shift, const bitpareto_tensor *output)
{
    int32_t exponent = layer->bias_exponent;
    int32_t places = exponent < 0 ? 1 - exponent : 1; /* binary places of bias + 1/2, at most 63 */
    int64_t constant = 0, value;
    uint64_t rest;
    if (layer->has_biases) {
        int32_t bias = (int32_t)bitpareto_u16(layer->biases + 2u * (uint32_t)n);
        bias = bias < 32768 ? bias : bias - 65536;
        constant = bias * ((int64_t)1 << (exponent > 0 ? exponent + 1 : 1));
    }
    if (!output->is_sign)
        constant += (int64_t)1 << (places - 1);
    rest = (uint64_t)constant & (((uint64_t)1 << places) - 1);
    rest = shift >= places ? rest << (shift - places) : rest >> (places - shift);
    value = bitpareto_floor_shift(product + (int64_t)rest, shift);
    value += bitpareto_floor_shift(constant, places);
    if (output->is_sign)
        return value >= 0 ? 1 : -1;
    return (int32_t)(value < output->low ? output->low : value > output->high ? output->high : value);
}

/* The same of sum * multiplier n + bias n. Needs |sum| < 2^51. */
static inline int32_t bitpareto_requantize(const bitpareto_layer *layer, int32_t n, int32_t channel,
                                    int64_t sum, const bitpareto_tensor *output)
{
    int32_t factor;
    int32_t exponent = bitpareto_multiplier(layer, n, &factor);
    int64_t product = sum * factor;
    if (exponent > 0) { /* what is beyond 2^41 is beyond every limit, whatever the bias */
        const int64_t enough = (int64_t)1 << 41;
        product = product > enough ? enough : product < -enough ? -enough : product;
        product *= (int64_t)1 << exponent;
    }
    return bitpareto_finish(layer, channel, product, exponent < 0 ? -exponent : 0, output);
}

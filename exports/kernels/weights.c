static inline int32_t bitpareto_width(const bitpareto_layer *layer, int32_t channel)
{
    uint32_t pair;
    if (!layer->has_widths)
        return layer->weight_bits;
    pair = bitpareto_data[layer->widths + (uint32_t)channel / 2u];
    return (int32_t)(channel % 2 ? pair >> 4 : pair & 15u);
}

/* The weight of so many bits at a place of the layer's bit stream, least significant bit first. */
static inline int32_t bitpareto_weight(const bitpareto_layer *layer, uint32_t bit, int32_t bits)
{
    const uint8_t *bytes = bitpareto_data + layer->weights + (bit >> 3);
    uint32_t level = bytes[0] | (uint32_t)bytes[1] << 8; /* multipliers follow: two are there */
    if (bits == 32) {
        level |= (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        return level >> 31 ? -(int32_t)(~level) - 1 : (int32_t)level;
    }
    level = level >> (bit & 7u) & ((1u << bits) - 1u);
    if (layer->odd || bits == 1)
        return 2 * (int32_t)level - (int32_t)((1u << bits) - 1u);
    return level >> (bits - 1) ? (int32_t)level - (int32_t)(1u << bits) : (int32_t)level;
}

/* One output value of a convolution; bit: place of the output channel's first weight. */
static int64_t bitpareto_window(const bitpareto_layer *layer, const bitpareto_tensor *input,
                                int32_t channel, int32_t top, int32_t left, uint32_t bit,
                                int32_t bits)
{
    int32_t end = channel + input->channels / layer->groups;
    bitpareto_sum sum = 0;
    for (; channel < end; channel++)
        for (int32_t y = top; y < top + layer->kernel; y++)
            for (int32_t x = left; x < left + layer->kernel; x++, bit += (uint32_t)bits)
                if (y >= 0 && y < input->height && x >= 0 && x < input->width) {
                    int32_t value = bitpareto_get(
                        input, (channel * input->height + y) * input->width + x);
                    sum += (bitpareto_sum)bitpareto_weight(layer, bit, bits) * value;
                }
    return sum;
}

static void bitpareto_conv(const bitpareto_layer *layer, const bitpareto_tensor *input,
                           const bitpareto_tensor *output)
{
    int32_t channels = input->channels / layer->groups;
    int32_t per_group = output->channels / layer->groups;
    uint32_t bit = 0;
    int32_t i = 0;
    for (int32_t o = 0; o < output->channels; o++) {
        int32_t bits = bitpareto_width(layer, o);
        for (int32_t y = 0; y < output->height; y++)
            for (int32_t x = 0; x < output->width; x++, i++) {
                int64_t sum = bitpareto_window(layer, input, o / per_group * channels,
                                               y * layer->stride - layer->before,
                                               x * layer->stride - layer->before, bit, bits);
                bitpareto_put(output, i, bitpareto_requantize(layer, o, o, sum, output));
            }
        bit += (uint32_t)channels * layer->kernel * layer->kernel * (uint32_t)bits;
    }
}

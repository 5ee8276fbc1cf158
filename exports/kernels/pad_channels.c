/* Every stride-th row and column, between channels of zeros. */
static void bitpareto_pad_channels(const bitpareto_layer *layer, const bitpareto_tensor *input,
                                   const bitpareto_tensor *output)
{
    int32_t before = (output->channels - input->channels) / 2;
    int32_t i = 0;
    for (int32_t o = 0; o < output->channels; o++) {
        int32_t c = o - before;
        for (int32_t y = 0; y < output->height; y++)
            for (int32_t x = 0; x < output->width; x++, i++) {
                int32_t row = c * input->height + y * layer->stride;
                int32_t value = 0;
                if (c >= 0 && c < input->channels)
                    value = bitpareto_get(input, row * input->width + x * layer->stride);
                bitpareto_put(output, i, value);
            }
    }
}

static int32_t bitpareto_largest(const bitpareto_layer *layer, const bitpareto_tensor *input,
                                 int32_t channel, int32_t top, int32_t left)
{
    int32_t largest = INT32_MIN;
    for (int32_t y = top; y < top + layer->kernel; y++)
        for (int32_t x = left; x < left + layer->kernel; x++)
            if (y >= 0 && y < input->height && x >= 0 && x < input->width) {
                int32_t value =
                    bitpareto_get(input, (channel * input->height + y) * input->width + x);
                largest = value > largest ? value : largest;
            }
    return largest;
}

static void bitpareto_max_pool(const bitpareto_layer *layer, const bitpareto_tensor *input,
                               const bitpareto_tensor *output)
{
    int32_t i = 0;
    for (int32_t c = 0; c < output->channels; c++)
        for (int32_t y = 0; y < output->height; y++)
            for (int32_t x = 0; x < output->width; x++, i++)
                bitpareto_put(output, i,
                              bitpareto_largest(layer, input, c, y * layer->stride - layer->before,
                                                x * layer->stride - layer->before));
}

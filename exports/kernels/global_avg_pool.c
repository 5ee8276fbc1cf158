/* The multiplier holds the division by the number of pixels. */
static void bitpareto_global_avg_pool(const bitpareto_layer *layer, const bitpareto_tensor *input,
                                      const bitpareto_tensor *output)
{
    int32_t pixels = input->height * input->width;
    for (int32_t c = 0; c < output->channels; c++) {
        int64_t sum = 0;
        for (int32_t i = c * pixels; i < (c + 1) * pixels; i++)
            sum += bitpareto_get(input, i);
        bitpareto_put(output, c, bitpareto_requantize(layer, 0, c, sum, output));
    }
}

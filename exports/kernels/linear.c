static void bitpareto_linear(const bitpareto_layer *layer, const bitpareto_tensor *input,
                             const bitpareto_tensor *output)
{
    int32_t features = input->channels * input->height * input->width;
    uint32_t bit = 0;
    for (int32_t o = 0; o < output->channels; o++) {
        int32_t bits = bitpareto_width(layer, o);
        bitpareto_sum sum = 0;
        for (int32_t i = 0; i < features; i++, bit += (uint32_t)bits)
            sum += (bitpareto_sum)bitpareto_weight(layer, bit, bits) * bitpareto_get(input, i);
        bitpareto_put(output, o, bitpareto_requantize(layer, o, o, sum, output));
    }
}

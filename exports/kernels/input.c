static void bitpareto_input(const bitpareto_layer *layer, const uint8_t *image,
                            const bitpareto_tensor *output)
{
    int32_t pixels = output->height * output->width;
    for (int32_t c = 0; c < output->channels; c++)
        for (int32_t i = c * pixels; i < (c + 1) * pixels; i++)
            bitpareto_put(output, i, bitpareto_requantize(layer, c, c, image[i], output));
}

/* Both products get the finer of the two denominators. */
static void bitpareto_add(const bitpareto_layer *layer, const bitpareto_tensor *first,
                          const bitpareto_tensor *second, const bitpareto_tensor *output)
{
    int32_t size = output->channels * output->height * output->width;
    int32_t factor_0, factor_1;
    int32_t exponent_0 = bitpareto_multiplier(layer, 0, &factor_0);
    int32_t exponent_1 = bitpareto_multiplier(layer, 1, &factor_1);
    int32_t finer = exponent_0 < exponent_1 ? exponent_0 : exponent_1;
    int32_t shift = finer < 0 ? -finer : 0;
    int64_t multiplier_0 = factor_0 * ((int64_t)1 << (exponent_0 + shift));
    int64_t multiplier_1 = factor_1 * ((int64_t)1 << (exponent_1 + shift));
    for (int32_t i = 0; i < size; i++) {
        int64_t product = bitpareto_get(first, i) * multiplier_0;
        product += bitpareto_get(second, i) * multiplier_1;
        bitpareto_put(output, i, bitpareto_finish(layer, 0, product, shift, output));
    }
}

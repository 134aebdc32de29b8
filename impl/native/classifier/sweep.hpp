// One block of samples: the expectation value and, in one sweep back, its derivatives.
//
// Adjoint differentiation (Jones and Gacon 2020, arXiv:2009.02823): bra and ket go back through the circuit together,
// so the memory does not grow with depth. Three states are held, of which one is the target of the permutation.
#pragma once

#include "product.hpp"
#include "ring.hpp"
#include "rotation.hpp"

namespace sharpbits::SHARPBITS_ISA {

// Takes aligned pieces of the block's scratch memory.
template <class Vec>
class Scratch {
 public:
  explicit Scratch(void* start) : next_(static_cast<Vec*>(start)) {}
  Vec* rows(std::int64_t count) {
    Vec* taken = next_;
    next_ += count;
    return taken;
  }
  Planes<Vec> planes(std::int64_t count) {
    Vec* re = rows(count);
    return {re, rows(count)};
  }

 private:
  Vec* next_;
};

// ⟨state|observable|state⟩; with Flip the observable is applied to the state as well.
template <class T, class Vec, bool Flip>
Vec measure(const Circuit<T>& circuit, Planes<Vec> state) {
  const std::int64_t rows = circuit.rows(), columns = circuit.columns();
  Vec total{};
  for (std::int64_t h = 0; h < rows; ++h) {
    Vec sum{};
#pragma GCC ivdep
    for (std::int64_t l = 0; l < columns; ++l) {
      const std::int64_t k = h * columns + l;
      const Vec re = state.re[k], im = state.im[k];
      sum += circuit.parity_low[l] * (re * re + im * im);
      if (Flip) {
        const T sign = circuit.observable_high[h] * circuit.parity_low[l];
        state.re[k] = sign * re;
        state.im[k] = sign * im;
      }
    }
    total += circuit.observable_high[h] * sum;
  }
  return total;
}

// Write lanes of rows[i] to out[lane, i].
template <class T, class Vec>
void scatter(const Vec* rows, std::int64_t count, std::int64_t samples, T* out) {
  constexpr int kLanes = sizeof(Vec) / sizeof(T);
  const T* numbers = reinterpret_cast<const T*>(rows);
  for (std::int64_t lane = 0; lane < samples; ++lane)
    for (std::int64_t i = 0; i < count; ++i) out[lane * count + i] = numbers[i * kLanes + lane];
}

// No layers: ⟨Z_0⟩ = cos x_0. The other angles count only where they are not finite.
template <class T>
void encoding_only(const Circuit<T>& circuit, const Block<T>& block) {
  const int n = circuit.wires;
  for (std::int64_t sample = 0; sample < block.count; ++sample) {
    const T* x = block.angles + sample * n;
    T taint = 0;
    for (int wire = 0; wire < n; ++wire) taint += 0 * x[wire];
    block.value[sample] = cosine(x[0]) + taint;
    if (!block.angles_jacobian) continue;
    for (int wire = 0; wire < n; ++wire) block.angles_jacobian[sample * n + wire] = taint;
    block.angles_jacobian[sample * n] = taint - sine(x[0]);
  }
}

template <class T, int Bytes>
void sweep(const Circuit<T>& circuit, const Block<T>& block) {
  using Vec = typename Lanes<T, Bytes>::Vec;
  const int n = circuit.wires, layers = circuit.layers, first = circuit.first_observed;
  const std::int64_t size = circuit.size(), rows = circuit.rows(), columns = circuit.columns();
  if (layers == 0) return encoding_only(circuit, block);

  Scratch<Vec> scratch(block.scratch);
  Planes<Vec> ket = scratch.planes(size), bra = scratch.planes(size), spare = scratch.planes(size);
  const Planes<Vec> high = scratch.planes(2 * rows), low = scratch.planes(2 * columns);
  auto* factors = reinterpret_cast<Factor<Vec>*>(scratch.rows(6 * n));
  prepare_factors(circuit, block, factors);
  build_prefixes(factors, circuit.high_wires, high);
  build_prefixes(factors + circuit.high_wires, n - circuit.high_wires, low);
  const Planes<Vec> product_high{high.re + rows, high.im + rows}, product_low{low.re + columns, low.im + columns};

  // Forward. Afterwards `bra` holds the final state and, with two layers or more, `ket` the one before the last layer.
  Planes<Vec>& start = layers == 1 ? bra : ket;
  outer_product(circuit, product_high, product_low, start);
  for (int layer = 1; layer < layers; ++layer) {
    ring(circuit, layer, ket, bra);
    const bool last = layer == layers - 1;
    rotate(circuit, layer, last ? first : 0, false, bra);
    if (last) break;
    const Planes<Vec> swapped = ket;
    ket = bra;
    bra = swapped;
  }
  Vec value;
  if (!block.weights_jacobian) {
    value = measure<T, Vec, false>(circuit, bra) + circuit.taint;
    return scatter(&value, 1, block.count, block.value);
  }

  // Backward. Derivatives are collected as by_weight[layer, wire, 3] and by_angle[wire], a row each.
  Vec* by_angle = scratch.rows(n);
  Vec* by_weight = scratch.rows(std::int64_t{3} * layers * n);
  Vec* by_rotation = by_angle;  // free until the end
  Margins<Vec> margins{scratch.rows(rows), scratch.rows(rows), {scratch.rows(columns), scratch.rows(columns)}};
  for (std::int64_t i = 0; i < std::int64_t{3} * layers * n; ++i) by_weight[i] = Vec{};
  for (int layer = layers - 1; layer > 0; --layer) {
    Vec* here = by_weight + std::int64_t{3} * layer * n;
    for (int wire = 0; wire < n; ++wire) by_rotation[wire] = Vec{};
    if (layer == layers - 1) {
      parity_overlaps(circuit, bra, by_rotation);
      value = measure<T, Vec, true>(circuit, bra);
      rotate(circuit, layer, first, true, bra);
      unring(circuit, layer, bra, spare);
    } else {
      rotation_overlaps(circuit, 0, bra, ket, by_rotation);
      rotate(circuit, layer, 0, true, bra);
      unring(circuit, layer, bra, spare);
      rotate(circuit, layer, 0, true, ket);
      unring(circuit, layer, ket, bra);
      const Planes<Vec> swapped = ket;
      ket = bra;
      bra = swapped;
    }
    const Planes<Vec> swapped = bra;
    bra = spare;
    spare = swapped;
    for (int wire = 0; wire < n; ++wire) here[3 * wire + 1] = by_rotation[wire];
    sum_margins(circuit, bra, ket, margins);
    // The RZ that ends layer 0 is differentiated with the product state.
    differentiate_phases(circuit, margins, layer > 1 ? here - 3 * n + 2 : nullptr, here);
  }
  if (layers == 1) value = measure<T, Vec, true>(circuit, bra);
  value += circuit.taint;
  const Planes<Vec> over_low = scratch.planes(rows), over_high = scratch.planes(columns);
  contract_halves(circuit, bra, product_high, product_low, over_low, over_high);
  const int m = circuit.high_wires;
  differentiate_factors(circuit.first, factors, m, high, over_low, by_weight, by_angle);
  differentiate_factors(circuit.first + m, factors + m, n - m, low, over_high, by_weight + 3 * m, by_angle + m);
  scatter(&value, 1, block.count, block.value);
  scatter(by_weight, std::int64_t{3} * layers * n, block.count, block.weights_jacobian);
  scatter(by_angle, n, block.count, block.angles_jacobian);
}

}  // namespace sharpbits::SHARPBITS_ISA

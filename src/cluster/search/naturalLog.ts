/**
 * The natural logarithm, rounded correctly. Engines may give a neighbour of it (V8's `Math.log(3)` is one below), and of 243 to
 * the base 3 that decides whether a search has four levels or five.
 */

/** Binary places of the fixed-point numbers below: 53 count in the end. */
const PLACES = 128n;
const ONE = 1n << PLACES;
const LN_2 = 2n * areaTangent(ONE / 3n);

/** @param value a positive number */
export function naturalLog(value: number): number {
  if (!(value > 0 && Number.isFinite(value))) return Math.log(value);
  let exponent = Math.floor(Math.log2(value));
  if (value / 2 ** exponent >= 2) exponent++;
  const mantissa = BigInt(Math.round((value / 2 ** exponent) * 2 ** 52)) << (PLACES - 52n);
  const log = 2n * areaTangent(((mantissa - ONE) << PLACES) / (mantissa + ONE)) + BigInt(exponent) * LN_2;
  return Number(log) / Number(ONE);
}

/** artanh z = z + z^3/3 + z^5/5 + ..., for z up to about a third. */
function areaTangent(z: bigint): bigint {
  const square = (z * z) >> PLACES;
  let sum = 0n;
  let power = z;
  for (let odd = 1n; power !== 0n; odd += 2n) {
    sum += power / odd;
    power = (power * square) >> PLACES;
  }
  return sum;
}

import fc from 'fast-check';

/** A value that no answer may repeat, because it might be a password. */
export const inputMarker = 'zq-received-zq';

/** Any JSON value; most contain the marker. */
export const arbitraryInput = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(inputMarker, [inputMarker], { a: inputMarker }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

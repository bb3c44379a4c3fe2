import fc from 'fast-check';

/** A value that no answer may repeat, because it might be a password. */
export const marker = 'zq-received-zq';

/** Any JSON value; most contain the marker. */
export const received = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(marker, [marker], { a: marker }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

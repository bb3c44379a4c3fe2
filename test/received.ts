import fc from 'fast-check';

/** What no answer may repeat: it might have been a password. */
export const marker = 'zq-received-zq';

/** Any JSON, mostly with the marker in it. */
export const received = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(marker, [marker], { a: marker }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

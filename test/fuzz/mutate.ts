import fc from 'fast-check';

/** Random bytes, or a valid input with flipped bits, replaced lengths, repeated parts or a missing end. */
export const hostileBytes = (valid: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    fc
      .record({
        bytes: fc.constantFrom(...valid),
        changes: fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 4 }),
      })
      .map(({ bytes, changes }) =>
        changes.reduce<Buffer>((mutated, [at, make]) => make(mutated, at % (mutated.length + 1)), bytes),
      ),
  );

type Change = (bytes: Buffer, at: number) => Buffer;

const splice = (bytes: Buffer, at: number, put: Uint8Array, over = put.length) =>
  Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + over)]);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.nat(7).map(
    (bit): Change =>
      (bytes, at) =>
        splice(bytes, at, Buffer.from([(bytes[at] ?? 0) ^ (1 << bit)])),
  ),
  fc.constant<Change>((bytes, at) => bytes.subarray(0, at)),
  fc.constantFrom(0, 1, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, 33_000_000).chain((length) =>
    fc.constantFrom<Change>(
      (bytes, at) => splice(bytes, at, bigEndian(length)),
      (bytes, at) => splice(bytes, at, bigEndian(length).reverse()),
    ),
  ),
  fc.nat(20).map(
    (times): Change =>
      (bytes, at) =>
        splice(bytes, at, Buffer.concat(Array.from({ length: times }, () => bytes.subarray(at, at + 40))), 0),
  ),
  fc.uint8Array({ maxLength: 8 }).map(
    (put): Change =>
      (bytes, at) =>
        splice(bytes, at, put, 0),
  ),
);

const bigEndian = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

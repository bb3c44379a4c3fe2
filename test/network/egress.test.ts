import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import { EgressPolicy, createEgressCheck } from '../../shared/network/egress.ts';
import { resolveHost } from '../../shared/network/resolve-host.ts';

const open: EgressPolicy = {};
const permits = (
  policy: EgressPolicy,
  address: string,
  host = address,
  environment = 'default',
  port = 5432,
) => createEgressCheck(policy, environment)(host, address, port);

/** Tells whether a literal address, in any spelling that a caller may choose, passes the policy. */
const reaches = async (policy: EgressPolicy, spelling: string): Promise<boolean> => {
  const never = new AbortController().signal;
  const asked: string[] = [];
  const addresses = await resolveHost(spelling, never, async (name) => {
    asked.push(name);
    return [];
  }).catch(() => []);
  expect(asked).toEqual([]);
  return addresses.some((address) => permits(policy, address));
};

const byte = fc.nat(255);
type V4 = readonly [number, number, number, number];
const from = (...parts: (number | fc.Arbitrary<number>)[]): fc.Arbitrary<V4> =>
  fc.tuple(
    ...([0, 1, 2, 3] as const).map((at) => {
      const part = parts[at] ?? byte;
      return typeof part === 'number' ? fc.constant(part) : part;
    }),
  ) as unknown as fc.Arbitrary<V4>; // fast-check's map loses the length of the tuple.

const forbidden4 = fc.oneof(
  from(0),
  from(127),
  from(169, 254),
  from(fc.integer({ min: 224, max: 255 })),
  fc.constantFrom<V4>(
    [169, 254, 169, 254],
    [192, 0, 0, 192],
    [168, 63, 129, 16],
    [100, 100, 100, 200],
    [169, 254, 100, 1],
    [169, 254, 169, 253],
    [127, 0, 0, 1],
    [0, 0, 0, 0],
  ),
);
const hex2 = (...bytes: number[]) => bytes.map((one) => one.toString(16).padStart(2, '0')).join('');
const words = ([a, b, c, d]: V4) => [hex2(a, b), hex2(c, d)] as const;

/**
 * Spells a part of an IPv4 address in every way: decimal, octal, hex, upper and lower case, leading zeros.
 */
const spelled = (value: number): fc.Arbitrary<string> =>
  fc.constantFrom(
    String(value),
    `0${value.toString(8)}`,
    `000${value.toString(8)}`,
    `0x${value.toString(16)}`,
    `0X${value.toString(16).toUpperCase()}`,
    `0x000${value.toString(16)}`,
  );

const spelling4 = forbidden4.chain(([a, b, c, d]) =>
  fc
    .oneof(
      fc.tuple(spelled(a), spelled(b), spelled(c), spelled(d)).map((parts) => parts.join('.')),
      fc.tuple(spelled(a), spelled(b), spelled(c * 256 + d)).map((parts) => parts.join('.')),
      fc.tuple(spelled(a), spelled(b * 65_536 + c * 256 + d)).map((parts) => parts.join('.')),
      spelled(a * 16_777_216 + b * 65_536 + c * 256 + d),
      fc.constant(
        [a, b, c, d]
          .map((part) => String(part).replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))))
          .join('.'),
      ),
    )
    .chain((text) => fc.constantFrom(text, `${text}.`)),
);

const inV6 = ([a, b, c, d]: V4, wide: number): string[] => {
  const [high, low] = words([a, b, c, d]);
  const flipped = words([a ^ 255, b ^ 255, c ^ 255, d ^ 255]).join(':');
  const dotted = `${a}.${b}.${c}.${d}`;
  const any = wide.toString(16);
  return [
    `::ffff:${dotted}`,
    `::ffff:${high}:${low}`,
    `0:0:0:0:0:ffff:${high}:${low}`,
    `::FFFF:${high.toUpperCase()}:${low.toUpperCase()}`,
    `::ffff:0:${dotted}`,
    `64:ff9b::${dotted}`,
    `0064:ff9b:0000::${high}:${low}`,
    `64:ff9b:1::${dotted}`,
    `64:ff9b:1:${high}:${low.slice(0, 2)}:${low.slice(2)}00::`,
    `2002:${high}:${low}::${any}`,
    `2002:${high}:${low}:${any}::1`,
    `2001:0:${high}:${low}::${any}`,
    `2001::${any}:${flipped}`,
    `fe80::5efe:${dotted}`,
    `2600:1::5efe:${high}:${low}`,
    `2600:1::200:5efe:${dotted}`,
    ...(a > 0 || b > 0 ? [`::${dotted}`, `::${high}:${low}`] : []),
  ];
};
const spelling6 = fc
  .oneof(
    fc.tuple(forbidden4, fc.nat(0xffff)).chain(([address, wide]) => fc.constantFrom(...inV6(address, wide))),
    fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).chain(([x, y]) => {
      const [a, b] = [x.toString(16), y.toString(16)];
      return fc.constantFrom(
        '::',
        '0:0:0:0:0:0:0:0',
        '::1',
        '0000:0000:0000:0000:0000:0000:0000:0001',
        `fe80::${a}:${b}`,
        `fe8f:${a}::${b}`,
        `febf::${a}`,
        `ff02::${a}`,
        `ff${hex2(x % 256)}:${a}::${b}`,
        `fd00:ec2::${a}`,
        `fd00:0ec2:${a}::${b}`,
        'fd00:ec2::254',
        'fd20:ce::254',
        'fd20:00ce:0::0254',
        'FD00:EC2::253',
        `fec0::${a}`,
      );
    }),
  )
  .chain((text) => fc.constantFrom(text, `[${text}]`, `${text}%eth0`, `[${text}%25lo]`));

describe('forbidden addresses', () => {
  test('no spelling of a forbidden IPv4 address passes', async () => {
    await fc.assert(
      fc.asyncProperty(spelling4, async (text) => expect(await reaches(open, text)).toBe(false)),
      { numRuns: 1000 },
    );
  });

  test('no spelling of a forbidden IPv6 address passes, nor one that embeds a forbidden IPv4 address', async () => {
    await fc.assert(
      fc.asyncProperty(spelling6, async (text) => expect(await reaches(open, text)).toBe(false)),
      { numRuns: 2000 },
    );
  });

  test.each([
    'localhost:80',
    '127.0.0.1:80',
    'user@127.0.0.1',
    '127.0.0.1/x',
    '127.0.0.1?x',
    '127.0.0.1#x',
    '%31%32%37.0.0.1',
    ' 127.0.0.1',
    '127.0.0.1\n',
    '127。0。0。1',
    '\t::1',
    '[127.0.0.1]',
    '',
    '.',
    '256.1.1.1',
    '1.2.3.4.5',
    '0x',
    '::ffff:127.0.0.1%1',
    '[::1',
    '::1]',
    '\\\\127.0.0.1',
    'a b',
    '/var/run/socket',
    '\u0000',
    '127.0.0.1..',
  ])('%j is not a host that can be reached', async (text) => {
    expect(await reaches(open, text)).toBe(false);
  });

  test('refuses text that is not an address, and addresses with a zone', () => {
    for (const text of ['', 'localhost', 'fe80::1%lo', '::1%lo', '1.2.3', '010.0.0.1'])
      expect(permits({ loopback: true }, text)).toBe(false);
  });

  test('public and private addresses pass in any spelling', async () => {
    for (const text of [
      '8.8.8.8',
      '10.0.0.5',
      '172.16.3.4',
      '192.168.1.1',
      '100.64.0.1',
      '0x08080808',
      '2600:1f18::5',
      'fd12:3456::1',
      '64:ff9b::8.8.8.8',
      '::ffff:10.0.0.5',
      '126.255.255.255',
      '128.0.0.1',
      '223.255.255.255',
    ]) {
      expect([text, await reaches(open, text)]).toEqual([text, true]);
    }
  });
});

describe('policy with loopback', () => {
  const here: EgressPolicy = { loopback: true };

  test('permits loopback', () => {
    for (const text of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])
      expect(permits(here, text)).toBe(true);
  });

  test('permits no other address that is always forbidden', async () => {
    const isLoopback = /^(\[?(0*:)*:?0*1(%.*)?\]?|.*ffff:7f.*|.*ffff:127.*)$/i;
    await fc.assert(
      fc.asyncProperty(
        spelling6.filter((text) => !isLoopback.test(text)),
        async (text) => expect(await reaches(here, text)).toBe(false),
      ),
    );
    for (const text of [
      '0.0.0.0',
      '169.254.169.254',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      'fe80::1',
      '2002:7f00:1::',
      '64:ff9b::127.0.0.1',
      '::127.0.0.1',
    ]) {
      expect([text, permits(here, text)]).toEqual([text, false]);
    }
  });

  test('can still deny the ports of the Lambda runtime API', () => {
    const policy = { ...here, deny: ['127.0.0.1:9001', '[::1]:9001'] };
    expect(permits(policy, '127.0.0.1', 'localhost', 'default', 9001)).toBe(false);
    expect(permits(policy, '::ffff:127.0.0.1', 'localhost', 'default', 9001)).toBe(false);
    expect(permits(policy, '::1', 'localhost', 'default', 9001)).toBe(false);
    expect(permits(policy, '127.0.0.1', 'localhost', 'default', 5432)).toBe(true);
  });
});

describe('policy of a deployment', () => {
  test('denies a range in every spelling, even if an allowed range or name matches too', async () => {
    const policy: EgressPolicy = {
      deny: ['10.0.4.0/22', '2600:1f18:1::/48', '10.9.9.9'],
      allow: ['10.0.0.0/8', '*.example.com'],
    };
    for (const text of [
      '10.0.4.1',
      '10.0.7.255',
      '0x0a000401',
      '::ffff:10.0.5.5',
      '64:ff9b::10.0.4.1',
      '10.9.9.9',
    ])
      expect(await reaches(policy, text)).toBe(false);
    expect(permits(policy, '10.0.4.1', 'db.example.com')).toBe(false);
    expect(permits(policy, '2600:1f18:1::5', 'db.example.com')).toBe(false);
    expect(permits(policy, '10.0.8.1')).toBe(true);
  });

  test('permits only the ranges and names of its allow-list', () => {
    const policy: EgressPolicy = { allow: ['10.1.0.0/16', 'db.customer.test', '*.rds.amazonaws.com'] };
    expect(permits(policy, '10.1.2.3')).toBe(true);
    expect(permits(policy, '10.2.0.1')).toBe(false);
    expect(permits(policy, '8.8.8.8', 'db.customer.test')).toBe(true);
    expect(permits(policy, '8.8.8.8', 'x.rds.amazonaws.com')).toBe(true);
    expect(permits(policy, '8.8.8.8', 'rds.amazonaws.com')).toBe(false);
    expect(permits(policy, '8.8.8.8', 'evilrds.amazonaws.com')).toBe(false);
    expect(permits(policy, '8.8.8.8', 'db.customer.test.evil.test')).toBe(false);
    expect(permits(policy, '169.254.169.254', 'db.customer.test')).toBe(false);
    expect(permits({ allow: [] }, '8.8.8.8')).toBe(false);
  });

  test("uses an environment's own allow-list instead of the general one", () => {
    const policy: EgressPolicy = {
      allow: ['10.0.0.0/8'],
      environments: { production: { allow: ['10.7.0.0/16'] } },
    };
    expect(permits(policy, '10.1.1.1', 'x', 'production')).toBe(false);
    expect(permits(policy, '10.7.1.1', 'x', 'production')).toBe(true);
    expect(permits(policy, '10.1.1.1', 'x', 'toString')).toBe(true);
  });

  test('is parsed from JSON, and an invalid range is rejected', () => {
    const good = {
      loopback: true,
      deny: ['10.0.0.0/8', 'fd00:ec2::/32', '127.0.0.1:9001'],
      allow: ['db.test', '*.db.test', '1.2.3.4'],
      environments: { a: { allow: [] } },
    };
    expect(v.parse(EgressPolicy, good)).toEqual(good);
    for (const text of [
      '10.0.0.0/33',
      '10/8',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '::/129',
      'fe80::1%1/64',
      '10.0.0.0/-1',
      '999.1.1.1',
      '1.2.3.4:99999',
      '',
      'a host',
    ]) {
      expect(v.safeParse(EgressPolicy, { deny: [text] }).success).toBe(false);
      expect(v.safeParse(EgressPolicy, { allow: [text] }).success).toBe(false);
    }
    expect(v.safeParse(EgressPolicy, { denny: [] }).success).toBe(false);
  });
});

test('a Teredo address is checked for its server and its client', () => {
  const client = 'f7f7:f7f7'; // 8.8.8.8 with every bit flipped
  expect(permits(open, `2001:0:808:808::${client}`)).toBe(true);
  expect(permits(open, `2001:0:a9fe:a9fe::${client}`)).toBe(false);
  expect(permits(open, '2001:0:808:808::5601:5601')).toBe(false);
});

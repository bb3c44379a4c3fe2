import { expect, test } from '@jest/globals';
import { seekKey } from '../../shared/domain/catalog-keys.ts';

test('a key is cut after a whole character, wherever the limit falls', () => {
  for (const character of ['é', '顧', '\u{1F600}'])
    for (const shift of [0, 1, 2, 3]) {
      const key = `${'a'.repeat(shift)}${character.repeat(1000)}`;
      const cut = seekKey('', key);
      expect(key.startsWith(cut)).toBe(true);
      expect(Buffer.byteLength(cut)).toBeLessThan(1000);
    }
});

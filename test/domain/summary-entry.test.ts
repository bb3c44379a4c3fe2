import { expect, test } from '@jest/globals';
import { decodeCell } from '../../shared/domain/summary/summary-entry.ts';

test('the summary reads a status and a code of a later release', () => {
  const later = JSON.stringify(['drowsy', 'postgresql', 'a-code-of-a-later-release']);
  expect(decodeCell(later)).toEqual({ status: 'failed', type: 'postgresql', code: 'server-error' });
  expect(decodeCell(JSON.stringify(['connected', 'mysql', null]))).toEqual({
    status: 'connected',
    type: 'mysql',
    code: null,
  });
});

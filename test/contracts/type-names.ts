import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Connector } from '../../shared/connectors/connector.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { matchesType } from '../../shared/connectors/type-names.ts';

export const loadTypeNames = async (type: ConnectorType) => {
  const connector: Connector = connectors[type];
  const names = await connector.loadTypeNames?.();
  if (!names) throw new Error(`${type} has no synonyms`);
  return names;
};

/** The contract of a connector whose types have synonyms. */
export const typeNamesContract = (type: ConnectorType) => {
  if (!('loadTypeNames' in connectors[type])) return;

  describe('type', () => {
    test('matches itself, whatever its name', async () => {
      const names = await loadTypeNames(type);
      fc.assert(fc.property(fc.string(), (text) => matchesType(text, text, names)));
    });

    test('matches its synonyms in both directions, and no other type', async () => {
      const names = await loadTypeNames(type);
      const name = fc.constantFrom(...names.synonyms.keys());
      fc.assert(
        fc.property(name, name, (one, other) => {
          const isSame = names.synonyms.get(one) === names.synonyms.get(other);
          expect([matchesType(one, other, names), matchesType(other, one, names)]).toEqual([isSame, isSame]);
        }),
      );
    });
  });
};

import { describe, expect, test } from '@jest/globals';
import { connectors } from '../../shared/connectors/registry.ts';
import { connectorContract } from '../contracts/connector.ts';
import { connectorTypes, findSample, hasSample } from '../contracts/samples.ts';

describe.each(connectorTypes)('%s connector', (type) => {
  test('has a contract sample beside it', () => expect(findSample(type)).toBeDefined());
  if (!hasSample(type)) return;

  connectorContract(connectors[type], findSample(type));
});

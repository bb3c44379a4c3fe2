import { describe, expect, test } from '@jest/globals';
import { connectors } from '../../shared/connectors/registry.ts';
import { connectorContract } from '../contracts/connector.ts';
import { hiddenSecretsContract } from '../contracts/hidden-secrets.ts';
import { loadLogins, loginsContract } from '../contracts/logins.ts';
import { connectorTypes, findSample, hasSample } from '../contracts/samples.ts';
import { typeNamesContract } from '../contracts/type-names.ts';
import { unreachableContract } from '../contracts/unreachable.ts';
import { loadStandIn } from '../recording/stand-in.ts';

for (const type of connectorTypes) {
  const logins = await loadLogins(type);
  const standIn = hasSample(type) && (await loadStandIn(type));

  describe(`${type} connector`, () => {
    test('has a contract sample beside it', () => expect(findSample(type)).toBeDefined());
    if (!standIn) return;

    connectorContract(connectors[type], findSample(type));
    unreachableContract(type);
    loginsContract(type, logins, standIn);
    hiddenSecretsContract(type, standIn);
    typeNamesContract(type);
  });
}

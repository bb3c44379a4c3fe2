import { createId } from '../../shared/domain/id.ts';
import type { SecretDocument, SecretOwner } from '../../shared/ports/vault.ts';

export const createSecretOwner = (org = 'org_contract'): SecretOwner => ({
  org,
  environment: 'default',
  id: createId(Date.now()),
});

export const createSecretDocument = (
  owner: SecretOwner,
  credentials: Readonly<Record<string, string>> = { auth_method: 'password', password: 'fake-password' },
): SecretDocument => ({
  layout: 1,
  owner,
  destination: { host: 'db.example.com', port: '5432' },
  credentials,
});

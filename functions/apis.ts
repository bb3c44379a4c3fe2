import type { WireFormat } from '../shared/http/wire-format.ts';
import { type ApiName, apiNames, type DeploymentSettings } from '../shared/settings.ts';
import { management } from '../shared/apis/management/management.ts';
import { profiles } from '../shared/apis/profiles/profiles.ts';
import { providers } from '../shared/apis/providers/providers.ts';
import { registrations } from '../shared/apis/registrations/registrations.ts';

/** The wire formats other than Mooring's own, each in the folder with its name. */
export const apis: { readonly [N in ApiName]?: WireFormat } = {
  management,
  profiles,
  providers,
  registrations,
};

/** Finds the API that a file of this folder belongs to. Mooring's own API has several folders and no name. */
export const findApiName = (file: string): ApiName | undefined =>
  apiNames.find((name) => file.startsWith(`${name}/`));

/** Whether a deployment with these APIs enabled has the function of this file. */
export const isExposed = (file: string, enabled: readonly ApiName[]): boolean => {
  const name = findApiName(file);
  return name === undefined || enabled.includes(name);
};

/** Finds the enabled API that a path belongs to. `undefined` means Mooring's own. */
export const findApiByPath = (path: string, { apis: enabled }: DeploymentSettings): WireFormat | undefined =>
  enabled
    .map((name) => apis[name])
    .find((api) => api !== undefined && (path === api.prefix || path.startsWith(`${api.prefix}/`)));

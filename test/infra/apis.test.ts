import { describe, expect, test } from '@jest/globals';
import { findApiByPath, findApiName, apis } from '../../functions/apis.ts';
import { routes } from '../../functions/routes.ts';
import { loadRoutes } from '../../infra/build/load-routes.ts';
import * as v from 'valibot';
import { apiNames, DeploymentSettings } from '../../shared/settings.ts';

const settings = v.parse(DeploymentSettings, { apis: [...apiNames] });

describe('the wire formats', () => {
  test.each(Object.entries(apis))(
    '%s answers below its own paths, and its endpoints say that they are its',
    async (name, api) => {
      const own = (await loadRoutes()).filter(({ file }) => findApiName(file) === name);
      expect(own.length).toBeGreaterThan(0);
      for (const { path, endpoint } of own) {
        expect(findApiByPath(path, settings)).toBe(api);
        expect(endpoint.api).toBe(api);
      }
    },
  );

  test('what is ours is nobody else’s', async () => {
    for (const { path, file, endpoint } of await loadRoutes()) {
      if (findApiName(file) !== undefined) continue;
      expect({ [path]: [findApiByPath(path, settings), endpoint.api] }).toEqual({
        [path]: [undefined, undefined],
      });
    }
  });

  test('one that is not spoken has no route, and its paths are ours', async () => {
    const own = (await loadRoutes([])).map(({ key }) => key);
    expect(own).toEqual(
      Object.entries(routes)
        .filter(([, file]) => findApiName(file) === undefined)
        .map(([key]) => key),
    );
    for (const api of Object.values(apis))
      expect(findApiByPath(api.prefix, { ...settings, apis: [] })).toBeUndefined();
  });
});

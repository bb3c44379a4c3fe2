// Reads a catalog as DbGate does, with DbGate's own plugin for the engine.
export const dbgate = async (plugin, at) => {
  const tools = (await import('dbgate-tools')).default;
  globalThis.DBGATE_PACKAGES = { 'dbgate-tools': tools }; // where its plugins look for it
  const { default: backend } = await import(`dbgate-plugin-${plugin}/dist/backend.js`);
  backend.initialize?.({ dbgateApi: { getLogger: () => console }, dbgateTools: tools, authProxy: {} });
  const driver = backend.drivers.find(({ engine }) => engine.startsWith(plugin));
  return async () => {
    const db = await driver.connect({ server: at.host, ...at });
    const { tables, views, matviews = [] } = await driver.analyseFull(db, await driver.getVersion(db));
    await driver.close(db);
    const all = [...tables, ...views, ...matviews];
    return { tables: all.length, columns: all.reduce((n, table) => n + table.columns.length, 0) };
  };
};

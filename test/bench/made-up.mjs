// Words and random choices for both generated schemas. The same seed gives the same schema.
export const madeUp = (seed) => {
  let state = seed;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
  const between = (a, b) => a + Math.floor(random() * (b - a + 1));
  const pick = (list) => list[Math.floor(random() * list.length)];
  return { random, between, pick };
};
export const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
export const nouns = 'account order invoice customer product shipment ticket payment employee contract campaign session device event message price stock supplier region category review discount refund subscription address contact asset policy claim batch'.split(' ');
export const columnNames = 'name title status amount quantity price description code reference email phone country currency created_at updated_at deleted_at started_on ended_on is_active is_deleted metadata payload tags score rating weight height url ip_address notes external_id version checksum locale priority balance tax_rate due_date processed_at attempts'.split(' ');

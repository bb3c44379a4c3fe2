// The furniture: what the databases of the stand-in hold, by service.
const key = (name, type, columns, more = {}) => ({ name, type, columns, ...more });
const index = (name, columns, more = {}) => ({ name, columns, ...more });

/** Names that Oracle allows between quotes; none has a double quote in it, or a NUL. */
export const oddNames = ['a.b', "it's", ' leading space', 'x]y', 'größe ☕', 'lower', 'semi;colon', '%_'];

const customers = {
  owner: 'CRM', name: 'CUSTOMERS', rows: 3, average: 60, comment: 'who bought',
  columns: [
    ['REGION', 'CHAR(2)', { not: true }],
    ['NUMBER_', 'NUMBER(10)', { not: true }],
    ['NAME', 'NVARCHAR2(60)', { comment: 'as it stands in the register' }],
    ['SINCE', 'DATE', { default: 'SYSDATE' }],
  ],
  // In another order than the columns.
  keys: [key('PK_CUSTOMERS', 'P', ['NUMBER_', 'REGION']), key('UQ_NAME', 'U', ['NAME'])],
};

const orders = {
  owner: 'SHOP', name: 'ORDERS', rows: 12, average: 40, comment: 'what was ordered',
  columns: [
    ['ID', 'NUMBER(10)', { not: true, identity: true, default: '"SHOP"."ISEQ$$_73211".nextval' }],
    ['CUSTOMER', 'NUMBER(10)', { not: true }],
    ['REGION', 'CHAR(2)', { not: true, default: "'de' " }],
    ['AMOUNT', 'NUMBER(12,2)', { default: '0' }],
    ['TAX', 'NUMBER', { virtual: true, default: 'ROUND("AMOUNT"*0.19,2)' }],
    ['Note', 'VARCHAR2(40 CHAR)', { comment: 'of the buyer' }],
    ['MADE', 'TIMESTAMP(6) WITH TIME ZONE', { default: 'systimestamp' }],
    ['SYS_NC00008$', 'VARCHAR2(160)', { hidden: true, virtual: true, default: 'UPPER("Note")' }],
    // What was dropped without a rewrite stays, hidden.
    ['SYS_C00009_24112116:25:00$', 'NUMBER', { hidden: true }],
  ],
  keys: [
    key('PK_ORDERS', 'P', ['ID']),
    key('FK_CUSTOMER', 'R', ['CUSTOMER', 'REGION'], { to: ['CRM', 'PK_CUSTOMERS'] }),
    key('CK_AMOUNT', 'C', ['AMOUNT']),
  ],
  indexes: [
    index('IX_MADE', ['REGION', 'CUSTOMER'], { owner: 'CRM' }),
    index('FX_NOTE', ['SYS_NC00008$'], { type: 'FUNCTION-BASED NORMAL' }),
  ],
};

const lines = {
  owner: 'SHOP', name: 'LINES', rows: null, average: null,
  columns: [['ORDER_ID', 'NUMBER(10)', { not: true }], ['LINE', 'INTEGER', { not: true }], ['Article no.', 'VARCHAR2(20)']],
  keys: [key('PK_LINES', 'P', ['ORDER_ID', 'LINE']), key('FK_ORDER', 'R', ['ORDER_ID'], { to: ['SHOP', 'PK_ORDERS'] })],
  organized: 'IOT',
};

const kinds = {
  owner: 'SHOP', name: 'KINDS', rows: 0, average: 0,
  columns: [
    'NUMBER', 'NUMBER(38)', 'NUMBER(5,-2)', 'INTEGER', 'FLOAT(126)', 'BINARY_FLOAT', 'BINARY_DOUBLE', 'VARCHAR2(4000)', 'VARCHAR2(10 CHAR)', 'CHAR(4)', 'NCHAR(4)', 'CLOB', 'NCLOB', 'BLOB',
    'RAW(16)', 'LONG RAW', 'DATE', 'TIMESTAMP(3)', 'TIMESTAMP(6) WITH LOCAL TIME ZONE', 'INTERVAL DAY(2) TO SECOND(6)', 'INTERVAL YEAR(2) TO MONTH', 'ROWID', 'UROWID(4000)', 'MDSYS.SDO_GEOMETRY', 'SYS.XMLTYPE', 'SHOP.ADDRESS',
  ].map((type, at) => [`C${String(at + 1).padStart(2, '0')}`, type]),
  // Of a LOB there is an index without a column.
  indexes: [index('SYS_IL0000073220C00012$$', [], { type: 'LOB', unique: true })],
};

const shop = [
  customers, orders, lines, kinds,
  { owner: 'SHOP', name: 'OPEN_ORDERS', kind: 'view', comment: 'what is still to be sent', columns: [['ID', 'NUMBER(10)'], ['AMOUNT', 'NUMBER(12,2)', { comment: 'without tax' }]] },
  { owner: 'SHOP', name: 'ORDER_TOTALS', kind: 'materialized', rows: 2, average: 20, comment: 'what each region ordered', columns: [['REGION', 'CHAR(2)'], ['TOTAL', 'NUMBER']] },
  { owner: 'SHOP', name: 'ORDER_COUNTS', kind: 'materialized', rows: 2, average: 10, columns: [['ORDERS', 'NUMBER']] },
  { owner: 'SHOP', name: 'PRICE_LIST', kind: 'external', rows: null, average: null, columns: [['ARTICLE', 'VARCHAR2(20)'], ['PRICE', 'NUMBER(12,2)']] },
  // What nobody would call a table.
  { owner: 'SHOP', name: 'SYS_IOT_OVER_73213', organized: 'IOT_OVERFLOW', columns: [['X', 'NUMBER']] },
  { owner: 'SHOP', name: 'BIN$fOqCl3KKAg7gUwEAAH8vXw==$0', dropped: true, columns: [['X', 'NUMBER']] },
  { owner: 'SHOP', name: 'ADDRESSES_OF', nested: true, columns: [['X', 'NUMBER']] },
  { owner: 'SHOP', name: 'DR$FULLTEXT$I', secondary: true, columns: [['X', 'NUMBER']] },
  ...oddNames.map((name) => ({ owner: 'SHOP', name, rows: 1, average: 8, columns: [['ID', 'NUMBER(10)', { not: true }], [name, 'VARCHAR2(8)', { comment: name }]], keys: [key(`PK ${name}`, 'P', ['ID'])], indexes: [index(`ix ${name}`, [name])] })),
];

/** As wide as a warehouse's tables are, each with a key that leads to the next. */
const wide = (owner, tables, columns) => Array.from({ length: tables }, (_, at) => {
  const name = (no) => `TABLE_${String(no % tables).padStart(6, '0')}`;
  return {
    owner, name: name(at), rows: at, average: 100, comment: `what the shop knows of ${name(at)}`,
    columns: Array.from({ length: columns }, (_, no) => [`COLUMN_${no + 1}`, 'VARCHAR2(80 CHAR)', { not: no === 0, default: no === 2 ? `'value ${no}'` : undefined, comment: `what the shop knows of ${name(at)}.${no + 1}` }]),
    keys: [key(`PK_${at}`, 'P', ['COLUMN_1']), key(`FK_${at}`, 'R', ['COLUMN_2'], { to: [owner, `PK_${(at + 1) % tables}`] })],
  };
});

/** Shown to everybody, and not of the customer's making. */
const system = ['ALL_TABLES', 'ALL_TAB_COLS', 'USER_TABLES'].map((name) => ({ owner: 'SYS', name, kind: 'view', columns: [['OWNER', 'VARCHAR2(128)', { not: true }], ['TABLE_NAME', 'VARCHAR2(128)', { not: true }]] }));
const dual = { owner: 'SYS', name: 'DUAL', rows: 1, average: 2, columns: [['DUMMY', 'VARCHAR2(1)']] };

export const tablesOf = {
  shop: () => [dual, ...system, ...shop],
  many: () => [dual, ...system, ...wide('MANY', 1000, 4)],
  warehouse: () => [dual, ...system, ...wide('WAREHOUSE', 10_000, 20)],
};

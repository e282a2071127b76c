/** The codes with which a run may stop that met Qlik's failures more often than its steps are tried. */
export const qlikOutageCodes: readonly string[] = [
  'QLIK_UNAVAILABLE',
  'QLIK_UNREACHABLE',
  'QLIK_TIMEOUT',
  'QLIK_UNREADABLE',
  'CREATION_UNANSWERED',
  'MINT_UNANSWERED',
];

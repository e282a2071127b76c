/** What a browser may do with our replies. */
export class PagePolicy {
  constructor(readonly production: boolean) {}

  /** The content security policy: nothing from elsewhere, nothing inline but styles that carry `styleNonce`, and no frame around it. */
  contentSecurityPolicy(styleNonce?: string): string {
    const nonce = styleNonce === undefined ? '' : ` 'nonce-${styleNonce}'`;
    return [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self'${nonce}`,
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; ');
  }
}

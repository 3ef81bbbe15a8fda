/** A validated, re-encoded picture. Host bytes never reach a browser. */
export interface EncodedScreen {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/webp' | 'image/jpeg';
  /** Small grey pixels for telling a real change from a blinking cursor. */
  readonly sample: Uint8Array;
}

export interface ScreenEncoder {
  /** Rejects with `FLEET_SCREEN_INVALID` for bytes that are no complete picture or are too large to decode safely. */
  encode(png: Uint8Array, options: { readonly signal: AbortSignal }): Promise<EncodedScreen>;
}

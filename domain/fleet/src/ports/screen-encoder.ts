/** A validated, re-encoded picture. Host bytes never reach a browser. */
export interface EncodedScreen {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/webp' | 'image/jpeg';
  /** Small grey pixels for telling a real change from a blinking cursor. */
  readonly sample: Uint8Array;
  /** What `condense` makes the smaller form from: the pixels without loss. Null where that form is not offered. */
  readonly pixels: Uint8Array | null;
}

/** The same picture in a smaller format, which not every reader knows. */
export interface CondensedScreen {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/avif';
}

export interface ScreenEncoder {
  /** Rejects with `FLEET_SCREEN_INVALID` for bytes that are no complete picture or are too large to decode safely. */
  encode(png: Uint8Array, options: { readonly signal: AbortSignal }): Promise<EncodedScreen>;
  /** `pixels` are those of an earlier `encode` of this encoder. */
  condense(pixels: Uint8Array, options: { readonly signal: AbortSignal }): Promise<CondensedScreen>;
}

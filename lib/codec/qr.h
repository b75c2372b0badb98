#ifndef CODEC_QR_H
#define CODEC_QR_H

#include "base/buf.h"
#include "base/err.h"

/* QR codes (ISO/IEC 18004) by libqrencode, level M, with the quiet zone of
 * four modules that scanners want. Text is ASCII, at most 512 bytes. */

enum { QR_TEXT_MAX = 512, QR_PIXELS_PER_MODULE = 8 };

enum err qr_png(struct arena *, const char *text, struct buf *out) CHECKED;
enum err qr_svg(struct arena *, const char *text, struct buf *out) CHECKED;

#endif

#include "codec/qr.h"

#include <png.h>
#include <qrencode.h>
#include <string.h>

enum { QUIET = 4, SCALE = QR_PIXELS_PER_MODULE };

static void code_free(void *code)
{
	QRcode_free(code);
}

static enum err encode(struct arena *mem, const char *text, const QRcode **out)
{
	if (*text == '\0' || strlen(text) > QR_TEXT_MAX)
		return E_INTERNAL;
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (!code)
		return E_INTERNAL;
	arena_defer(mem, code_free, code);
	*out = code;
	return E_OK;
}

/* Quiet zone included: false outside of the symbol. */
static bool dark(const QRcode *code, int x, int y)
{
	int w = code->width;

	x -= QUIET;
	y -= QUIET;
	return x >= 0 && y >= 0 && x < w && y < w && code->data[y * w + x] & 1;
}

/* One grey byte a pixel; PNG's own compression makes it small. */
static png_bytep pixels(struct arena *mem, const QRcode *code, int side)
{
	size_t n = (size_t)side * SCALE;
	png_bytep image = arena_alloc(mem, n * n, 1);

	for (size_t y = 0; y < n; y++)
		for (size_t x = 0; x < n; x++)
			image[y * n + x] =
				dark(code, (int)(x / SCALE), (int)(y / SCALE)) ? 0 : 255;
	return image;
}

enum err qr_png(struct arena *mem, const char *text, struct buf *out)
{
	const QRcode *code = NULL;
	png_alloc_size_t size = 0;

	TRY(encode(mem, text, &code));
	int side = code->width + 2 * QUIET;
	png_image head = {.version = PNG_IMAGE_VERSION,
		.width = (png_uint_32)(side * SCALE),
		.height = (png_uint_32)(side * SCALE),
		.format = PNG_FORMAT_GRAY};
	png_bytep image = pixels(mem, code, side);
	if (!png_image_write_get_memory_size(head, size, 0, image, 0, NULL))
		return E_INTERNAL;
	char *at = arena_alloc(mem, size, 1);
	if (!png_image_write_to_memory(&head, at, &size, 0, image, 0, NULL))
		return E_INTERNAL;
	buf_add(out, at, size);
	return E_OK;
}

enum err qr_svg(struct arena *mem, const char *text, struct buf *out)
{
	const QRcode *code = NULL;

	TRY(encode(mem, text, &code));
	int side = code->width + 2 * QUIET;
	buf_printf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
		" shape-rendering=\"crispEdges\"><rect width=\"100%%\" height=\"100%%\""
		" fill=\"#fff\"/><path fill=\"#000\" d=\"",
		side, side);
	for (int y = 0; y < side; y++)
		for (int x = 0; x < side; x++) {
			int from = x;
			while (dark(code, x, y))
				x++;
			if (x > from)
				buf_printf(
					out, "M%d %dh%dv1h-%dz", from, y, x - from, x - from);
		}
	buf_puts(out, "\"/></svg>");
	return E_OK;
}

/* QR codes, read back by a real reader: zbarimg (package zbar-tools). */
#include "test.h"

#include "codec/qr.h"

#include <png.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUIET = 4, SIDE_MAX = 200, SCANNED_MAX = 2048 };

static char folder[] = "/tmp/qr_test_XXXXXX";

static const char *write_file(const char *name, const void *bytes, size_t len)
{
	const char *path = arena_printf(mem, "%s/%s", folder, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* What the reader sees in the picture; "" if it finds no code. */
static const char *scan(const char *path)
{
	char *argv[] = {arena_strdup(mem, "zbarimg"), arena_strdup(mem, "-q"),
		arena_strdup(mem, "--raw"), arena_strdup(mem, "--nodbus"),
		arena_strdup(mem, path), NULL};
	posix_spawn_file_actions_t actions;
	int out[2], status;
	pid_t child;

	assert_int_equal(pipe(out), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addclose(&actions, out[0]);
	int started = posix_spawnp(&child, "zbarimg", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	if (started != 0)
		fail_msg("zbarimg: %s", strerror(started));
	char *text = arena_alloc(mem, SCANNED_MAX, 1);
	size_t len = 0;
	for (ssize_t n = 1; n > 0; len += (size_t)n) {
		n = read(out[0], text + len, SCANNED_MAX - 1 - len);
		assert_true(n >= 0);
	}
	close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

/* The modules of a code, quiet zone included. */
struct grid {
	int side;
	bool dark[SIDE_MAX][SIDE_MAX];
};

static int number(const char **at, char before)
{
	char *end;

	assert_true(**at == before);
	long n = strtol(*at + 1, &end, 10);
	assert_true(end > *at + 1);
	*at = end;
	return (int)n;
}

/* Our SVG is rows of runs: "M<x> <y>h<n>v1h-<n>z". */
static void svg_read(const char *svg, struct grid *g)
{
	const char *box = strstr(svg, "viewBox=\"0 0"), *at = strstr(svg, " d=\"");

	memset(g, 0, sizeof(*g));
	assert_non_null(box);
	assert_non_null(at);
	box += strlen("viewBox=\"0 0");
	g->side = number(&box, ' ');
	assert_int_equal(number(&box, ' '), g->side);
	assert_true(g->side > 0 && g->side < SIDE_MAX);
	for (at += strlen(" d=\""); *at != '"';) {
		int x = number(&at, 'M'), y = number(&at, ' '), n = number(&at, 'h');

		assert_int_equal(number(&at, 'v'), 1);
		assert_int_equal(number(&at, 'h'), -n);
		assert_true(*at++ == 'z' && n > 0 && x >= 0 && y >= 0);
		assert_true(x + n <= g->side && y < g->side);
		while (n-- > 0)
			g->dark[y][x + n] = true;
	}
}

static const char *scan_grid(const struct grid *g)
{
	enum { SCALE = 4 };
	struct buf b = buf_in(mem, 1 << 20);
	int side = g->side * SCALE;

	buf_printf(&b, "P5\n%d %d\n255\n", side, side);
	for (int i = 0; i < side * side; i++) {
		char grey = g->dark[i / side / SCALE][i % side / SCALE] ? 0 : (char)255;
		buf_add(&b, &grey, 1);
	}
	assert_false(b.full);
	return scan(write_file("code.pgm", b.at, b.len));
}

static const char *repeated(const char *text, size_t times)
{
	struct buf b = buf_in(mem, 4096);

	for (size_t i = 0; i < times; i++)
		buf_puts(&b, text);
	return buf_text(&b);
}

static const char *const texts[] = {
	"ZX1.1027.Ab3dE6gH9jK2.AbCdEfGhIjKlMnOpQrStUv",
	"weixin://wxpay/bizpayurl?pr=AbCd&x=1",
	"0123456789",
	"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ az AZ",
	"x",
};

static void a_png_is_read_as_what_was_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct buf b = buf_in(mem, 1 << 20);

		assert_int_equal(qr_png(mem, texts[i], &b), E_OK);
		assert_string_equal(scan(write_file("code.png", b.at, b.len)), texts[i]);
	}
}

static void an_svg_is_read_as_what_was_written(void **state)
{
	static struct grid g;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct buf b = buf_in(mem, 1 << 20);

		assert_int_equal(qr_svg(mem, texts[i], &b), E_OK);
		svg_read(buf_text(&b), &g);
		assert_string_equal(scan_grid(&g), texts[i]);
	}
}

static void the_longest_text_is_read_too_and_a_longer_refused(void **state)
{
	const char *longest = repeated("0123456789abcdef", QR_TEXT_MAX / 16);
	struct buf b = buf_in(mem, 1 << 20);

	(void)state;
	assert_int_equal(strlen(longest), QR_TEXT_MAX);
	assert_int_equal(qr_png(mem, longest, &b), E_OK);
	assert_string_equal(scan(write_file("code.png", b.at, b.len)), longest);
	buf_clear(&b);
	const char *longer = arena_printf(mem, "%sx", longest);
	assert_int_equal(qr_png(mem, longer, &b), E_INTERNAL);
	assert_int_equal(qr_svg(mem, longer, &b), E_INTERNAL);
	assert_int_equal(qr_png(mem, "", &b), E_INTERNAL);
	assert_int_equal(qr_svg(mem, "", &b), E_INTERNAL);
	assert_int_equal(b.len, 0);
}

static void four_white_modules_surround_the_code(void **state)
{
	static struct grid g;
	struct buf b = buf_in(mem, 1 << 20);

	(void)state;
	assert_int_equal(qr_svg(mem, texts[0], &b), E_OK);
	svg_read(buf_text(&b), &g);
	for (int y = 0; y < g.side; y++)
		for (int x = 0; x < g.side; x++)
			if (x < QUIET || y < QUIET || x >= g.side - QUIET ||
				y >= g.side - QUIET)
				assert_false(g.dark[y][x]);
	assert_true(g.dark[QUIET][QUIET]); /* the corner of a finder */
	assert_true(g.dark[QUIET][g.side - QUIET - 1]);
	assert_true(g.dark[g.side - QUIET - 1][QUIET]);
}

/* Pixel by pixel; libpng reads the PNG. */
static void both_forms_show_the_same_modules(void **state)
{
	static struct grid g;
	struct buf png = buf_in(mem, 1 << 20), svg = buf_in(mem, 1 << 20);
	png_image head = {.version = PNG_IMAGE_VERSION};

	(void)state;
	assert_int_equal(qr_png(mem, texts[0], &png), E_OK);
	assert_int_equal(qr_svg(mem, texts[0], &svg), E_OK);
	svg_read(buf_text(&svg), &g);
	assert_true(png_image_begin_read_from_memory(&head, png.at, png.len));
	head.format = PNG_FORMAT_GRAY;
	int side = g.side * QR_PIXELS_PER_MODULE;
	assert_int_equal(head.width, side);
	assert_int_equal(head.height, side);
	unsigned char *grey = arena_alloc(mem, PNG_IMAGE_SIZE(head), 1);
	assert_true(png_image_finish_read(&head, NULL, grey, 0, NULL));
	for (int i = 0; i < side * side; i++) {
		int y = i / side / QR_PIXELS_PER_MODULE, x = i % side / QR_PIXELS_PER_MODULE;
		assert_int_equal(grey[i], g.dark[y][x] ? 0 : 255);
	}
}

/* Readers forgive a mirrored code, or don't. One module beside the format's bits
 * is dark in every code; its mirror image is dark or not, as the text has it. */
static void the_code_is_not_mirrored(void **state)
{
	static struct grid g;
	int mirrored = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct buf b = buf_in(mem, 1 << 20);

		assert_int_equal(qr_svg(mem, arena_printf(mem, "%d", i * i * 7919), &b), E_OK);
		svg_read(buf_text(&b), &g);
		assert_true(g.dark[g.side - QUIET - 8][QUIET + 8]);
		mirrored += g.dark[QUIET + 8][g.side - QUIET - 8];
	}
	assert_true(mirrored < 20);
}

static void the_svg_stands_alone_and_is_well_formed(void **state)
{
	struct buf b = buf_in(mem, 1 << 20);

	(void)state;
	assert_int_equal(qr_svg(mem, "<&\">", &b), E_OK);
	const char *svg = buf_text(&b);
	assert_memory_equal(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39);
	assert_string_equal(svg + b.len - strlen("z\"/></svg>"), "z\"/></svg>");
	assert_null(strchr(svg, '&')); /* the text is in the modules only */
}

static void a_code_that_does_not_fit_leaves_the_buffer_full(void **state)
{
	struct buf b = buf_in(mem, 100);

	(void)state;
	assert_int_equal(qr_png(mem, texts[0], &b), E_OK);
	assert_true(b.full && b.len == 0);
	buf_clear(&b);
	assert_int_equal(qr_svg(mem, texts[0], &b), E_OK);
	assert_true(b.full);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	unlink(arena_printf(mem, "%s/code.png", folder));
	unlink(arena_printf(mem, "%s/code.pgm", folder));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_png_is_read_as_what_was_written),
		cmocka_unit_test(an_svg_is_read_as_what_was_written),
		cmocka_unit_test(the_longest_text_is_read_too_and_a_longer_refused),
		cmocka_unit_test(four_white_modules_surround_the_code),
		cmocka_unit_test(both_forms_show_the_same_modules),
		cmocka_unit_test(the_code_is_not_mirrored),
		cmocka_unit_test(the_svg_stands_alone_and_is_well_formed),
		cmocka_unit_test(a_code_that_does_not_fit_leaves_the_buffer_full),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}

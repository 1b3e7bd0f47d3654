/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "mon/keys.h"
#include "mon/term_cells.h"
#include "mon/term_mouse.h"
#include "mon/term_read.h"

#define ESCAPE_MS         25 /* a lone Esc is told from a function key by so long a silence */
#define CLOSE_NS          (300 * NS_PER_MS) /* for a terminal that does not drain */
#define CHUNK_BYTES       4096
#define BLOCKING_BYTES    64 /* at a time, where the descriptor could block */
#define RESTORE_BYTES_MAX 256

/* The one terminal. [owner] but for what the fatal handler reads, which is set before it is
 * installed. */
static struct {
    SCREEN *screen;
    WINDOW *input; /* keys are read from a window that is never drawn */
    int frame_fd;  /* memory file that curses writes to */
    off_t sent;    /* bytes of it that the terminal has */
    int out_fd;
    bool out_blocks; /* out_fd is the shell's own descriptor */
    bool is_utf8;
    bool is_new; /* every cell has to be sent */
    struct canvas shown;
    struct termios shell_modes;
    char restore[RESTORE_BYTES_MAX]; /* gives the screen back */
    size_t restore_bytes;
} term;

bool term_is_usable(void)
{
    int error;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return false;
    if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
        return false;
    bool usable = cursor_address != NULL && clear_screen != NULL;
    del_curterm(cur_term);
    return usable;
}

void term_size(int *rows, int *cols)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        size.ws_row = 24;
        size.ws_col = 80;
    }
    *rows = size.ws_row;
    *cols = size.ws_col;
}

/* ---- Modes ---- */

static void set_raw_modes(void)
{
    struct termios raw = term.shell_modes;

    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | IXON);
    raw.c_oflag &= ~(tcflag_t)OPOST; /* curses reckons with a line feed that only moves down */
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static int keep_restore_byte(int byte)
{
    if (term.restore_bytes < sizeof term.restore)
        term.restore[term.restore_bytes++] = (char)byte;
    return byte;
}

/* What curses would send at its end, kept for when there is no time to ask it. */
static void remember_restore(bool has_mouse)
{
    const char *const strings[] = {TERM_MOUSE_END, exit_attribute_mode, cursor_normal, keypad_local,
                                   exit_ca_mode};

    term.restore_bytes = 0;
    for (size_t i = has_mouse ? 0 : 1; i < ARRAY_COUNT(strings); i++) {
        if (strings[i] != NULL)
            tputs(strings[i], 1, keep_restore_byte);
    }
}

static const int fatal_signals[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGQUIT, SIGSYS};

/* Async-signal-safe. The signal has its default action again, and takes it on return from raise. */
static void on_fatal_signal(int number)
{
    ssize_t written = write(term.out_fd, term.restore, term.restore_bytes);

    (void)written;
    tcsetattr(STDIN_FILENO, TCSANOW, &term.shell_modes);
    raise(number);
}

static void install_fatal_handlers(void)
{
    struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = (int)SA_RESETHAND};

    for (size_t i = 0; i < ARRAY_COUNT(fatal_signals); i++)
        sigaction(fatal_signals[i], &action, NULL);
}

static void remove_fatal_handlers(void)
{
    for (size_t i = 0; i < ARRAY_COUNT(fatal_signals); i++)
        signal(fatal_signals[i], SIG_DFL);
}

/* ---- Opening and closing ---- */

/* The terminal of stdout, opened anew so that only our descriptor does not block: setting
 * O_NONBLOCK on the inherited one would set it for the shell too. */
static void open_output(void)
{
    term.out_fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    term.out_blocks = term.out_fd < 0;
    if (term.out_blocks)
        term.out_fd = STDOUT_FILENO;
}

/* Whole bytes, of which curses clears the uppermost bit by itself: the memory file that it writes
 * to has no modes that say otherwise. Without what this would send: Alt would send other
 * characters. */
static void prepare_input(void)
{
    term.input = newpad(1, 1);
    keypad(term.input, TRUE);
    nodelay(term.input, TRUE);
    meta_on = NULL;
    meta(term.input, TRUE);
}

static void prepare_curses(const struct term_wishes *wishes)
{
    set_escdelay(ESCAPE_MS);
    nonl();
    typeahead(-1);
    prepare_input();
    leaveok(stdscr, TRUE);
    curs_set(0);
    term_cells_prepare(wishes, term.is_utf8);
    if (wishes->mouse)
        term_mouse_begin(term.frame_fd);
    remember_restore(wishes->mouse);
    term.is_new = true;
}

/* newterm cannot ask a memory file for its size, and what it takes for the size becomes the
 * scrolling region: with a wrong one, a line feed that only should move the cursor would scroll. */
static SCREEN *new_screen(FILE *frame)
{
    char text[2][16];
    int rows, cols;

    term_size(&rows, &cols);
    snprintf(text[0], sizeof text[0], "%d", rows);
    snprintf(text[1], sizeof text[1], "%d", cols);
    setenv("LINES", text[0], 1);
    setenv("COLUMNS", text[1], 1);
    SCREEN *screen = newterm(NULL, frame, stdin);
    unsetenv("LINES");
    unsetenv("COLUMNS");
    return screen;
}

bool term_open(const struct term_wishes *wishes)
{
    setlocale(LC_CTYPE, "");
    term.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (tcgetattr(STDIN_FILENO, &term.shell_modes) != 0)
        return false;
    term.frame_fd = memfd_create("gomon-frame", MFD_CLOEXEC);
    FILE *frame = term.frame_fd < 0 ? NULL : fdopen(term.frame_fd, "w");
    if (frame == NULL)
        return false;
    term.screen = new_screen(frame);
    if (term.screen == NULL) {
        fclose(frame);
        return false;
    }
    open_output();
    set_raw_modes();
    prepare_curses(wishes);
    install_fatal_handlers();
    return true;
}

/* Sends what is left for CLOSE_NS at most. */
static void drain(void)
{
    int64_t deadline_ns = clock_mono_ns() + CLOSE_NS;

    while (term_is_sending() && clock_mono_ns() < deadline_ns) {
        struct pollfd poll_fd = {.fd = term.out_fd, .events = POLLOUT};
        if (poll(&poll_fd, 1, 50) < 0 || !term_flush())
            return;
    }
}

void term_close(void)
{
    if (term.screen == NULL)
        return;
    term_mouse_pause(term.frame_fd);
    endwin();
    drain();
    tcsetattr(STDIN_FILENO, TCSANOW, &term.shell_modes);
    remove_fatal_handlers();
    if (!term.out_blocks)
        close(term.out_fd);
    canvas_fini(&term.shown);
    delscreen(term.screen);
    term.screen = NULL;
}

enum plot_tier term_best_tier(void)
{
    const char *type = getenv("TERM");
    bool is_console = type != NULL && strncmp(type, "linux", 5) == 0; /* no braille in its font */

    if (term.is_utf8 && !is_console && wcwidth(0x28ff) == 1)
        return PLOT_BRAILLE;
    return acs_chars != NULL && acs_chars[0] != '\0' ? PLOT_LINES : PLOT_ASCII;
}

/* ---- Keys ---- */

uint32_t term_key(void)
{
    return term_read_key(term.input);
}

int term_input_fd(void)
{
    return STDIN_FILENO;
}

/* ---- Cells ---- */

static int put_frame_byte(int byte)
{
    char c = (char)byte;

    return write(term.frame_fd, &c, 1) == 1 ? byte : EOF;
}

/* All rows scroll. Ahead of the next frame: curses keeps nothing back between two. If it has given
 * the screen back, it does this itself when it has taken it again, and must: the cursor goes to the
 * first line, and that of the shell is remembered only when the screen is taken. Not by putp,
 * which is for stdout: what is put there waits until the end of the process. */
static void set_scroll_region(int rows)
{
    if (change_scroll_region != NULL && !isendwin())
        tputs(tparm(change_scroll_region, 0, rows - 1), 1, put_frame_byte);
}

/* Makes curses and the copy of what is shown as large as the canvas. */
static void fit(const struct canvas *canvas)
{
    if (term.shown.rows == canvas->rows && term.shown.cols == canvas->cols)
        return;
    if (term.shown.cell != NULL)
        canvas_fini(&term.shown);
    canvas_init(&term.shown, canvas->rows, canvas->cols);
    resize_term(canvas->rows, canvas->cols);
    set_scroll_region(canvas->rows);
    term.is_new = true;
}

bool term_show(const struct canvas *canvas)
{
    bool changed = false;

    if (term_is_sending())
        return false;
    fit(canvas);
    if (term.is_new)
        clearok(curscr, TRUE);
    for (int row = 0; row < canvas->rows; row++) {
        const struct cell *cells = canvas->cell + (ptrdiff_t)row * canvas->stride;
        struct cell *shown = term.shown.cell + (ptrdiff_t)row * term.shown.stride;
        if (!term_cells_put(row, canvas->cols, cells, term.is_new ? NULL : shown))
            continue;
        memcpy(shown, cells, (size_t)canvas->cols * sizeof *cells);
        changed = true;
    }
    term.is_new = false;
    if (changed) {
        wnoutrefresh(stdscr);
        doupdate();
    }
    return true;
}

/* Behind the frame that is under way, if there is one. */
void term_bell(void)
{
    beep();
}

void term_forget(void)
{
    term.is_new = true;
}

/* ---- Sending ---- */

bool term_is_sending(void)
{
    return lseek(term.frame_fd, 0, SEEK_CUR) > term.sent;
}

int term_output_fd(void)
{
    return term.out_fd;
}

static bool takes_more(void)
{
    struct pollfd poll_fd = {.fd = term.out_fd, .events = POLLOUT};

    return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLOUT) != 0;
}

bool term_flush(void)
{
    char chunk[CHUNK_BYTES];
    size_t most = term.out_blocks ? BLOCKING_BYTES : CHUNK_BYTES;

    while (term_is_sending()) {
        ssize_t n = pread(term.frame_fd, chunk, most, term.sent);
        if (n <= 0)
            break;
        if (term.out_blocks && !takes_more())
            return true;
        n = write(term.out_fd, chunk, (size_t)n);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        term.sent += n;
    }
    /* All is sent: the next frame begins at the front again, and the memory is given back. */
    lseek(term.frame_fd, 0, SEEK_SET);
    term.sent = 0;
    return ftruncate(term.frame_fd, 0) == 0;
}

/* ---- Stopping and continuing ---- */

void term_resume(void)
{
    set_raw_modes();
    term_mouse_resume(term.frame_fd);
    term.is_new = true;
}

void term_suspend(void)
{
    struct sigaction before;
    struct sigaction stop = {.sa_handler = SIG_DFL};
    sigset_t only_stop;
    sigset_t blocked;

    term_mouse_pause(term.frame_fd);
    endwin();
    drain();
    tcsetattr(STDIN_FILENO, TCSANOW, &term.shell_modes);
    sigaction(SIGTSTP, &stop, &before);
    sigemptyset(&only_stop);
    sigaddset(&only_stop, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &only_stop, &blocked); /* stops here, until SIGCONT */
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    sigaction(SIGTSTP, &before, NULL);
    term_resume();
}

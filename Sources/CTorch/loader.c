// Stands in for the shim until it is loaded, and leads to it afterwards. docs/shim.md says why.
#define _GNU_SOURCE
#include "ctorch.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char library_name[] = "libvqclip-torch.so";
static _Thread_local char load_error[1024] = "libtorch is not loaded";

static const char *own_error_message(void) { return load_error; }
static const char *no_version(void) { return ""; }
static CTStatus not_loaded(void) { return CT_ERR_NOT_LOADED; }
/// 0, false, NULL or nothing, whichever the caller reads.
static intptr_t nothing(void) { return 0; }

// One slot per function with the address to go to, and one symbol with the function's name that goes there, leaving
// every register and the stack as the caller has them.
#if defined(__x86_64__)
#define JUMP(name) "jmpq *ct_slot_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name) "adrp x16, ct_slot_" #name "\nldr x16, [x16, :lo12:ct_slot_" #name "]\nbr x16\n"
#else
#error "the loader knows x86-64 and 64-bit ARM"
#endif
#define CT_FUNCTION(name, before)                                                                                      \
    __attribute__((visibility("hidden"), used)) void *ct_slot_##name = (void *)before;                                 \
    __asm__(".pushsection .text\n.p2align 4\n.globl " #name "\n.type " #name ", @function\n" #name ":\n" JUMP(name)    \
            ".size " #name ", .-" #name "\n.popsection\n");
#include "functions.h"
#undef CT_FUNCTION

static struct {
    const char *name;
    void **slot;
} const functions[] = {
#define CT_FUNCTION(name, before) {#name, &ct_slot_##name},
#include "functions.h"
#undef CT_FUNCTION
};

enum { FUNCTION_COUNT = sizeof functions / sizeof *functions };

// libtorch's OpenMP threads spin between operations, by default for so long that any other busy program halves the
// speed. This is read when libtorch is loaded, and the environment is safe to change only before there are threads.
__attribute__((constructor)) static void limit_spinning(void) {
    if (!getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "20000", 0);
}

static CTStatus fail(const char *format, const char *detail) {
    snprintf(load_error, sizeof load_error, format, detail ? detail : "no reason given");
    return CT_ERR_NOT_LOADED;
}

CTStatus ct_load(void) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof library_name - 1);
    if (length <= 0) return fail("%s", "the program does not know where it is");
    path[length] = 0;
    char *slash = strrchr(path, '/');
    strcpy(slash ? slash + 1 : path, library_name);
    // Global, as if the program were linked with it: libtorch_cuda and what it brings look for symbols there.
    void *library = dlopen(path, RTLD_LAZY | RTLD_GLOBAL);
    if (!library) return fail("libtorch cannot be loaded (%s)", dlerror());
    void *addresses[FUNCTION_COUNT];
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        addresses[i] = dlsym(library, functions[i].name);
        if (!addresses[i]) return fail("libvqclip-torch.so is of another build: it has no %s", functions[i].name);
    }
    for (int i = 0; i < FUNCTION_COUNT; i++) *functions[i].slot = addresses[i];
    return CT_OK;
}

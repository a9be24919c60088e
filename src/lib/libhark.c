/* The shared library is made of the static one; Meson wants it to have a source of its own. */
#include "hark/hark.h"

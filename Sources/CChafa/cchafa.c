#include "cchafa.h"

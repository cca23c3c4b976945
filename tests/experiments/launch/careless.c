/* An extension module that does not say it can do without the GIL: importing it switches it on. */
#include <Python.h>

static struct PyModuleDef careless = {PyModuleDef_HEAD_INIT, "careless", NULL, -1, NULL};

PyMODINIT_FUNC PyInit_careless(void) { return PyModule_Create(&careless); }

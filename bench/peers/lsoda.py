"""Solves an ensemble of virtual patients by LSODA as SciPy has it (odeint), through the
model's C functions. usage: lsoda.py LIBRARY PATIENTS COUNT RTOL ATOLFACTOR STATES
The arguments are those of cvode.c; LIBRARY is libMODEL.so."""
import ctypes
import sys
import time

import numpy
import scipy
from scipy.integrate import odeint

library, patients, count, rtol, factor, states = sys.argv[1:7]
lib = ctypes.CDLL(library)
D = ctypes.POINTER(ctypes.c_double)


def integer(name, n=None):
    return ctypes.c_int.in_dll(lib, name).value if n is None else numpy.array((ctypes.c_int * n).in_dll(lib, name))


def real(name, n=None):
    return ctypes.c_double.in_dll(lib, name).value if n is None else numpy.array((ctypes.c_double * n).in_dll(lib, name))


for f in (lib.m_deriv, lib.m_jacobian):
    f.argtypes, f.restype = [ctypes.c_double, D, D, D], None
dim, entries, outputs, doses = (integer(x) for x in ("m_dim", "m_entries", "m_outputs", "m_doses"))
end, atol = real("m_end"), real("m_atol") * float(factor)
column, row = integer("m_column", dim + 1), integer("m_row", entries)
columns = numpy.repeat(numpy.arange(dim), numpy.diff(column))
when, amount, target = real("m_dose_time", doses), real("m_dose_amount", doses), integer("m_dose_state", doses)
every = numpy.array([end * k / outputs for k in range(outputs + 1)])

shape = numpy.fromfile(patients, dtype=numpy.int64, count=2)
P = numpy.fromfile(patients, offset=16, count=int(count) * shape[1]).reshape(-1, shape[1])
pointer = lambda a: a.ctypes.data_as(D)
derivs = steps = failed = 0
began = time.process_time()
out = numpy.full((int(count), outputs + 1, dim), numpy.nan)
for k in range(int(count)):
    p = numpy.ascontiguousarray(P[k])
    d, j, J = numpy.empty(dim), numpy.empty(entries), numpy.zeros((dim, dim))

    def deriv(y, t):
        y = numpy.ascontiguousarray(y)
        lib.m_deriv(t, pointer(y), pointer(p), pointer(d))
        return d

    def jacobian(y, t):
        y = numpy.ascontiguousarray(y)
        lib.m_jacobian(t, pointer(y), pointer(p), pointer(j))
        J[row, columns] = j
        return J

    y, t = p[:dim].copy(), 0.0
    out[k, 0] = y
    for cut in sorted({0.0, end} | set(when)):
        if cut > t:
            inside = numpy.flatnonzero((every > t) & (every <= cut))
            times = numpy.concatenate(([t], every[inside], [cut] if every[inside[-1]] != cut else []))
            r, about = odeint(deriv, y, times, Dfun=jacobian, rtol=float(rtol), atol=atol, mxstep=10000000, tcrit=[cut], full_output=True)
            failed += about["message"] != "Integration successful."
            out[k, inside] = r[1 : len(inside) + 1]
            steps, derivs = steps + int(about["nst"][-1]), derivs + int(about["nfe"][-1])
            y, t = r[-1].copy(), cut
        for i in numpy.flatnonzero(when == cut):
            y[target[i]] += amount[i]
took = time.process_time() - began
if states != "-":
    out.tofile(states)
print("version SciPy", scipy.__version__)
print("patients", count, "failed", failed, "seconds", took, "steps", steps, "rejected -1 derivs", derivs)

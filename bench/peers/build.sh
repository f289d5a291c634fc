#!/bin/sh
# Builds the peers from what thymus wrote here. Debian: apt-get install gcc libsundials-dev
# libsuitesparse-dev (CVODE with KLU), python3-scipy (LSODA), r-cran-desolve (LSODA in R). The
# model's formulas are compiled with -ffast-math for CVODE and deSolve, which is the best case for
# C, and without it for the program that solves at strict tolerances (cvode-MODEL-strict).
set -e
cd "$(dirname "$0")"
for model in */model.c; do # what needs no library comes first
  m=$(dirname "$model")
  gcc -O3 -march=native -ffast-math -I. -shared -fPIC desolve.c "$model" -o "desolve-$m.so" -lm
  gcc -O3 -march=native -I. -shared -fPIC "$model" -o "lib$m.so" -lm
done
libraries="-lsundials_cvode -lsundials_nvecserial -lsundials_sunmatrixdense -lsundials_sunmatrixsparse -lsundials_sunlinsoldense -lsundials_sunlinsolklu -lklu -lm"
if echo 'int main(void){return 0;}' | gcc -xc - -o core-probe -lsundials_core 2>/dev/null; then libraries="$libraries -lsundials_core"; fi
rm -f core-probe
for model in */model.c; do
  m=$(dirname "$model")
  gcc -O3 -march=native -ffast-math -I. -c "$model" -o "$m/model.o"
  gcc -O3 -march=native -I. -I/usr/include/suitesparse cvode.c "$m/model.o" -o "cvode-$m" $libraries
  gcc -O3 -march=native -I. -I/usr/include/suitesparse cvode.c "$model" -o "cvode-$m-strict" $libraries
done

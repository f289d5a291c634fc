/* Solves an ensemble of virtual patients by CVODE (BDF, Newton, analytic Jacobian).

   usage: cvode-MODEL PATIENTS COUNT RTOL ATOLFACTOR klu|dense STATES

   PATIENTS holds two 64-bit numbers (patients, numbers a patient) and then doubles. STATES
   gets y at every output, [patient][output][state], from the start on; "-" for no file.
   A dose at an output counts after it. The last line of the output says what was done;
   seconds are processor time without reading the patients. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sundials/sundials_config.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunlinsol/sunlinsol_klu.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <sunmatrix/sunmatrix_sparse.h>

#include "model.h"

#if SUNDIALS_VERSION_MAJOR >= 7
typedef sunrealtype number;
#define NO_COMM SUN_COMM_NULL
#else
typedef realtype number;
#define NO_COMM NULL
#endif

static double *scratch; /* entries of a Jacobian that is kept dense */

static int deriv(number t, N_Vector y, N_Vector d, void *p) {
  m_deriv(t, NV_DATA_S(y), p, NV_DATA_S(d));
  return 0;
}

static int sparse(number t, N_Vector y, N_Vector d, SUNMatrix J, void *p, N_Vector a, N_Vector b, N_Vector c) {
  sunindextype *column = SM_INDEXPTRS_S(J), *row = SM_INDEXVALS_S(J);
  for (int k = 0; k <= m_dim; k++) column[k] = m_column[k];
  for (int k = 0; k < m_entries; k++) row[k] = m_row[k];
  m_jacobian(t, NV_DATA_S(y), p, SM_DATA_S(J));
  return 0;
}

static int dense(number t, N_Vector y, N_Vector d, SUNMatrix J, void *p, N_Vector a, N_Vector b, N_Vector c) {
  m_jacobian(t, NV_DATA_S(y), p, scratch);
  for (int j = 0; j < m_dim; j++)
    for (int k = m_column[j]; k < m_column[j + 1]; k++) SM_ELEMENT_D(J, m_row[k], j) = scratch[k];
  return 0;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void stop(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

/* work done since CVODE was last started */
static long steps, rejected, derivs;
static void count(void *cv) {
  long n;
  CVodeGetNumSteps(cv, &n), steps += n;
  CVodeGetNumErrTestFails(cv, &n), rejected += n;
  CVodeGetNumNonlinSolvConvFails(cv, &n), rejected += n;
  CVodeGetNumRhsEvals(cv, &n), derivs += n;
}

int main(int argc, char **argv) {
  if (argc != 7) stop("usage: cvode-MODEL PATIENTS COUNT RTOL ATOLFACTOR klu|dense STATES");
  long long size[2];
  FILE *in = fopen(argv[1], "rb");
  if (!in || fread(size, 8, 2, in) != 2) stop("the patients cannot be read");
  int n = atoi(argv[2]);
  if (n < 1 || n > size[0]) stop("there are not so many patients");
  double *patients = malloc(8 * n * size[1]);
  if (!patients || fread(patients, 8 * size[1], n, in) != (size_t)n) stop("the patients end early");
  fclose(in);
  FILE *out = strcmp(argv[6], "-") ? fopen(argv[6], "wb") : NULL;
  if (strcmp(argv[6], "-") && !out) stop("the states cannot be written");

  SUNContext context;
  SUNContext_Create(NO_COMM, &context);
  N_Vector y = N_VNew_Serial(m_dim, context);
  double *Y = NV_DATA_S(y);
  memcpy(Y, patients, 8 * m_dim);
  void *cv = CVodeCreate(CV_BDF, context);
  CVodeInit(cv, deriv, 0, y);
  CVodeSStolerances(cv, atof(argv[3]), m_atol * atof(argv[4]));
  CVodeSetMaxNumSteps(cv, 100000000);
  SUNMatrix J;
  SUNLinearSolver solver;
  if (!strcmp(argv[5], "klu")) {
    J = SUNSparseMatrix(m_dim, m_dim, m_entries + m_dim, CSC_MAT, context);
    solver = SUNLinSol_KLU(y, J, context);
  } else {
    J = SUNDenseMatrix(m_dim, m_dim, context);
    solver = SUNLinSol_Dense(y, J, context);
    scratch = malloc(8 * m_entries);
  }
  CVodeSetLinearSolver(cv, solver, J);
  CVodeSetJacFn(cv, scratch ? dense : sparse);

  int failed = 0;
  double began = seconds();
  for (int k = 0; k < n; k++) {
    double *p = patients + k * size[1];
    number t = 0;
    int dose = 0, ok = 1;
    CVodeSetUserData(cv, p);
    memcpy(Y, p, 8 * m_dim);
    if (out) fwrite(Y, 8, m_dim, out);
    for (; dose < m_doses && m_dose_time[dose] <= 0; dose++) Y[m_dose_state[dose]] += m_dose_amount[dose];
    CVodeReInit(cv, 0, y);
    for (int o = 1; o <= m_outputs; o++) {
      double at = m_end * o / m_outputs;
      int written = 0;
      while (ok && dose < m_doses && m_dose_time[dose] <= at) {
        double when = m_dose_time[dose];
        CVodeSetStopTime(cv, when);
        ok = CVode(cv, when, y, &t, CV_NORMAL) >= 0;
        count(cv);
        if (when == at) {
          if (out) fwrite(Y, 8, m_dim, out);
          written = 1;
        }
        for (; dose < m_doses && m_dose_time[dose] == when; dose++) Y[m_dose_state[dose]] += m_dose_amount[dose];
        CVodeReInit(cv, when, y);
      }
      if (written) continue;
      if (ok) {
        CVodeSetStopTime(cv, dose < m_doses ? m_dose_time[dose] : m_end);
        ok = CVode(cv, at, y, &t, CV_NORMAL) >= 0;
      }
      if (!ok) memset(Y, 0xff, 8 * m_dim); /* not a number */
      if (out) fwrite(Y, 8, m_dim, out);
    }
    count(cv);
    failed += !ok;
  }
  double took = seconds() - began;
  if (out && fclose(out)) stop("the states cannot be written");
  printf("version %s\n", SUNDIALS_VERSION);
  printf("patients %d failed %d seconds %.9g steps %ld rejected %ld derivs %ld\n", n, failed, took, steps, rejected, derivs);
  return 0;
}

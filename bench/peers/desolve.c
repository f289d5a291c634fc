/* A model as R's deSolve takes compiled ones (vignette "Writing code in compiled languages"):
   functions with addresses for all arguments, called by name. See desolve.R. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

static double *patient, *entries;
static long evaluations;

void d_shape(int *dim, int *outputs, int *doses, double *end, double *atol) {
  *dim = m_dim, *outputs = m_outputs, *doses = m_doses, *end = m_end, *atol = m_atol;
}

void d_doses(double *time, double *amount, int *state) {
  memcpy(time, m_dose_time, m_doses * sizeof *time);
  memcpy(amount, m_dose_amount, m_doses * sizeof *amount);
  memcpy(state, m_dose_state, m_doses * sizeof *state);
}

/* d_patient takes a patient's numbers: the start, then what the formulas read. */
void d_patient(double *numbers, int *n) {
  patient = realloc(patient, *n * sizeof *patient);
  entries = realloc(entries, (m_entries + 1) * sizeof *entries);
  if (!patient || !entries) abort();
  memcpy(patient, numbers, *n * sizeof *patient);
}

void d_deriv(int *n, double *t, double *y, double *d, double *out, int *ip) {
  evaluations++;
  m_deriv(*t, y, patient, d);
}

/* d_jacobian fills a dense matrix of *rows rows, which is 0 before. */
void d_jacobian(int *n, double *t, double *y, int *ml, int *mu, double *J, int *rows, double *out, int *ip) {
  m_jacobian(*t, y, patient, entries);
  for (int j = 0; j < m_dim; j++)
    for (int k = m_column[j]; k < m_column[j + 1]; k++) J[m_row[k] + j * *rows] = entries[k];
}

void d_evaluations(double *n) { *n = evaluations; }

/* What a model file written by thymus provides. p holds a patient's constants, the start
   first: p[0..m_dim-1] is y at the start, the rest is read by the formulas. */
extern const int m_dim, m_entries, m_outputs, m_doses;
extern const double m_end, m_atol;
extern const double m_dose_time[], m_dose_amount[]; /* in order of time */
extern const int m_dose_state[];
extern const int m_column[], m_row[]; /* of the Jacobian, compressed by columns */
void m_deriv(double t, const double *restrict y, const double *restrict p, double *restrict d);
void m_jacobian(double t, const double *restrict y, const double *restrict p, double *restrict j);

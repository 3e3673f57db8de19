/* Powers, to the last bit as JavaScript's Math.pow gives them. */
#ifndef ASL_JSONATA_POWER_H
#define ASL_JSONATA_POWER_H

/* NaN for a NaN exponent and for 1 or -1 to an infinite one, otherwise as IEEE 754 has it. */
double jsonata_power(double base, double exponent);

#endif

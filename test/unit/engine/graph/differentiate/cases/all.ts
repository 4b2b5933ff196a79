/** Every gradient case. */
import type { GradientCase } from '../gradientCheck.ts';
import { activationCases } from './activations.ts';
import { elementwiseCases } from './elementwise.ts';
import { layoutCases } from './layout.ts';
import { linearCases } from './linear.ts';
import { normalizationCases } from './normalization.ts';
import { spatialCases } from './spatial.ts';

export const gradientCases: readonly GradientCase[] = [...elementwiseCases, ...activationCases, ...linearCases, ...layoutCases, ...normalizationCases, ...spatialCases];

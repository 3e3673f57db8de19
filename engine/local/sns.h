/* What others ask of SNS's stand-in. For the files of this folder only. */
#ifndef ENGINE_LOCAL_SNS_H
#define ENGINE_LOCAL_SNS_H

#include "model.h"

/* Publishes on a topic from within another stand-in's call; a topic that is not there gets nothing,
 * and `c` is not refused. */
void sns_publish(struct model_call *c, struct asl_text topic_arn, struct asl_text message);

#endif

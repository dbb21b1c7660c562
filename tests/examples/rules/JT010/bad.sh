cdk synth -c environment=tset

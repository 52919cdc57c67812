using RecoveryOperator.Agent;

return await AgentCommand.RunAsync(args);

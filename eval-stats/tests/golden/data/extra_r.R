# Run in this folder; common.R is the JSON writer (function J) that the other files were written with.
suppressMessages(library(pROC)); source("common.R"); 
num <- function(x) ifelse(is.na(x), "null", ifelse(is.infinite(x), ifelse(x>0,'"Inf"','"-Inf"'), sprintf("%.17g", x)))
P<-read.csv("synth_predictions.csv"); S<-read.csv("synth.csv")
o<-list(); R<-function(s,m){d<-P[P$set==s,]; roc(d$alnm,d[[m]],quiet=TRUE,direction="<",levels=c(0,1))}
un<-list(); for(m in c("clinical","tumor","ln","clinrad")){t<-roc.test(R("internal",m),R("external",m),paired=FALSE); un[[m]]<-list(stat=unname(t$statistic),df=unname(t$parameter),p=t$p.value)}
o$unpaired<-un
bt<-list(); for(m in c("clinical","clinrad")){set.seed(11); b<-ci.auc(R("prospective",m),method="bootstrap",boot.n=200,progress="none"); bt[[m]]<-as.numeric(b)}
o$boot_ci<-bt
set.seed(5); t<-roc.test(R("prospective","clinrad"),R("prospective","tumor"),method="bootstrap",boot.n=200,progress="none"); o$boot_test<-list(stat=unname(t$statistic),p=t$p.value)
pa<-list(); for(m in c("clinical","clinrad")) for(f in c("specificity","sensitivity")) for(rg in list(c(1,.9),c(.95,.4),c(1,.8))) {a<-auc(R("external",m),partial.auc=rg,partial.auc.focus=f); b<-suppressWarnings(auc(R("external",m),partial.auc=rg,partial.auc.focus=f,partial.auc.correct=TRUE)); pa[[length(pa)+1]]<-list(model=m,focus=f,from=rg[2],to=rg[1],value=as.numeric(a),corrected=as.numeric(b))}
o$partial<-pa
co<-list(); for(s in c("train","prospective")) for(m in c("clinical","tumor","ln","clinrad")) {r<-R(s,m); y<-coords(r,"best",best.method="youden",ret=c("threshold","sensitivity","specificity","youden"),transpose=FALSE); c2<-coords(r,"best",best.method="closest.topleft",ret=c("threshold","sensitivity","specificity","closest.topleft"),transpose=FALSE); w<-coords(r,"best",best.method="youden",best.weights=c(2,.2),ret=c("threshold","sensitivity","specificity"),transpose=FALSE); co[[paste(s,m)]]<-list(youden=as.list(y[1,]),n_youden=nrow(y),topleft=as.list(c2[1,]),weighted=as.list(w[1,])) }
o$coords<-co
o$roc_clinical_internal<-local({r<-R("internal","clinical"); list(thresholds=r$thresholds,se=r$sensitivities,sp=r$specificities)})
v<-var(R("train","clinrad")); o$cov<-local({a<-R("train","clinical");b<-R("train","clinrad");c3<-R("train","ln"); list(var=c(var(a),var(b),var(c3)),ab=cov(a,b),ac=cov(a,c3),bc=cov(b,c3))})
tr<-S[S$set=="train",]; 
o$location<-list(student=local({t<-t.test(size~alnm,tr,var.equal=TRUE);list(t=unname(t$statistic),df=unname(t$parameter),p=t$p.value,ci=as.numeric(t$conf.int))}),welch=local({t<-t.test(size~alnm,tr);list(t=unname(t$statistic),df=unname(t$parameter),p=t$p.value,ci=as.numeric(t$conf.int))}),
 mw=local({t<-wilcox.test(tr$size[tr$alnm==0],tr$size[tr$alnm==1],exact=FALSE);list(w=unname(t$statistic),p=t$p.value)}),mw_nocorr=wilcox.test(tr$size[tr$alnm==0],tr$size[tr$alnm==1],exact=FALSE,correct=FALSE)$p.value,
 mw_exact=local({a<-tr$tumor_score[1:18];b<-tr$ln_score[1:25];t<-wilcox.test(a,b,exact=TRUE);list(w=unname(t$statistic),p=t$p.value)}),
 kruskal=local({t<-kruskal.test(size~posterior,tr);list(h=unname(t$statistic),df=unname(t$parameter),p=t$p.value)}),
 shapiro=lapply(list(tr$size,tr$tumor_score,tr$tumor_score[1:30],tr$age[1:11],tr$ln_score[1:7],tr$ln_score[1:5],tr$ln_score[1:4],tr$ln_score[1:3]),function(x){t<-shapiro.test(x);list(n=length(x),w=unname(t$statistic),p=t$p.value)}))
tb<-list(table(tr$alnm,tr$posterior),table(tr$alnm,tr$vascularity),table(tr$alnm,tr$margin)); o$tables<-lapply(tb,function(t){c<-suppressWarnings(chisq.test(t,correct=FALSE)); list(rows=lapply(1:2,function(i)as.numeric(t[i,])),chisq=unname(c$statistic),df=unname(c$parameter),p=c$p.value,fisher=fisher.test(t,workspace=2e7)$p.value)})
o$mcnemar_extra<-lapply(list(c(0,0),c(3,3),c(10,1),c(120,80)),function(b){ list(b=b[1],c=b[2],exact=if(sum(b)>0) binom.test(b[1],sum(b))$p.value else 1)})
p<-c(.01,.04,.03,.005,.2,.8,.04); o$padjust<-list(p=p,holm=p.adjust(p,"holm"),bh=p.adjust(p,"BH"),bonferroni=p.adjust(p,"bonferroni"))
rc<-list(); for(x in c("train","internal","external","prospective")) for(m in c("clinical","clinrad")) {d<-P[P$set==x,]; l<-qlogis(d[[m]]); ctl<-glm.control(epsilon=1e-15,maxit=100); a<-glm(d$alnm~l,family=binomial,control=ctl); b<-glm(d$alnm~1,offset=l,family=binomial,control=ctl); a<-glm(d$alnm~l,family=binomial,control=ctl,start=coef(a)); b<-glm(d$alnm~1,offset=l,family=binomial,control=ctl,start=coef(b)); rc[[paste(x,m)]]<-list(intercept=unname(coef(a)[1]),slope=unname(coef(a)[2]),se=unname(sqrt(diag(vcov(a)))),citl=unname(coef(b)),citl_se=unname(sqrt(diag(vcov(b)))),chisq=-2*sum(ifelse(d$alnm==1,plogis(l,log.p=TRUE),plogis(-l,log.p=TRUE)))-deviance(a))}
o$recalibration<-rc
writeLines(J(o),"extra_r.json")
